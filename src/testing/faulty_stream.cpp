#include <parley/testing/faulty_stream.hpp>

#include <parley/detail/post_completion.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace parley::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using transport::Stream;
using transport::StreamBackend;
using transport::TransferHandler;
using transport::WaitHandler;

/// One direction's part of the plan, and how far it has come.
class Direction {
 public:
  Direction(std::size_t size_max, std::optional<Fault> fault, std::optional<std::size_t> stall, std::size_t period)
      : size_max_{size_max}, fault_{std::move(fault)}, stall_{stall}, period_{period == 1 ? 2 : period} {}

  /// The error that the next operation meets.
  [[nodiscard]] std::optional<error_code> failure() const {
    if (fault_ && count_ + 1 >= fault_->operation) return fault_->code;
    return std::nullopt;
  }
  [[nodiscard]] bool is_stalled() const { return stall_ && count_ + 1 >= *stall_; }
  [[nodiscard]] bool blocks_spuriously() { return period_ != 0 && ++tries_ % period_ == 0; }
  void count() { ++count_; }

  /// The buffers, cut to the largest size of an operation.
  template <class Buffer>
  [[nodiscard]] std::vector<Buffer> cut(std::span<const Buffer> buffers) const {
    std::vector<Buffer> list;
    std::size_t left = size_max_;
    for (const Buffer& each : buffers) {
      if (left == 0) break;
      list.push_back(asio::buffer(each, left));
      left -= std::min(left, each.size());
    }
    return list;
  }

 private:
  std::size_t size_max_;
  std::optional<Fault> fault_;
  std::optional<std::size_t> stall_;
  std::size_t period_;
  std::size_t count_ = 0;
  std::size_t tries_ = 0;
};

/// An operation that only the end of the stream will complete.
struct Stalled {
  std::variant<WaitHandler, TransferHandler> handler;
  asio::executor_work_guard<asio::any_io_executor> work;
};

class FaultyStream final : public StreamBackend {
 public:
  FaultyStream(Stream inner, const FaultPlan& plan)
      : inner_{std::move(inner)},
        can_wait_{plan.can_wait && inner_.backend().can_wait()},
        can_half_close_{plan.can_half_close && inner_.backend().can_half_close()},
        reading_{plan.read_size_max, plan.fail_read, plan.stall_read, plan.spurious_period},
        writing_{plan.write_size_max, plan.fail_write, plan.stall_write, plan.spurious_period} {}
  ~FaultyStream() override { abort_stalled(); }

  asio::any_io_executor get_executor() override { return inner_.get_executor(); }
  [[nodiscard]] bool can_wait() const noexcept override { return can_wait_; }

  void wait_readable(WaitHandler handler) override {
    if (may_wait(reading_, handler)) inner_.backend().wait_readable(std::move(handler));
  }
  void wait_writable(WaitHandler handler) override {
    if (may_wait(writing_, handler)) inner_.backend().wait_writable(std::move(handler));
  }

  std::size_t try_read(std::span<const asio::mutable_buffer> buffers, error_code& ec) override {
    return attempt(reading_, buffers, ec, [&](auto cut) { return inner_.backend().try_read(cut, ec); });
  }
  std::size_t try_write(std::span<const asio::const_buffer> buffers, error_code& ec) override {
    return attempt(writing_, buffers, ec, [&](auto cut) { return inner_.backend().try_write(cut, ec); });
  }

  void async_read_some(std::span<const asio::mutable_buffer> buffers, TransferHandler handler) override {
    if (!may_transfer(reading_, handler)) return;
    const auto cut = reading_.cut(buffers);
    inner_.backend().async_read_some(cut, std::move(handler));
  }
  void async_write_some(std::span<const asio::const_buffer> buffers, TransferHandler handler) override {
    if (!may_transfer(writing_, handler)) return;
    const auto cut = writing_.cut(buffers);
    inner_.backend().async_write_some(cut, std::move(handler));
  }

  [[nodiscard]] bool can_half_close() const noexcept override { return can_half_close_; }
  void shutdown_send(error_code& ec) override {
    ec = asio::error::operation_not_supported;
    if (can_half_close_) inner_.shutdown_send(ec);
  }
  void close() noexcept override {
    closed_ = true;
    inner_.close();
    abort_stalled();
  }
  void reset() noexcept override {
    closed_ = true;
    inner_.reset();
    abort_stalled();
  }
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override {
    return inner_.backend().unacknowledged_size();
  }
  [[nodiscard]] bool is_lost() const noexcept override { return inner_.backend().is_lost(); }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return inner_.local_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return inner_.remote_endpoint(); }

 private:
  bool may_wait(Direction& direction, WaitHandler& handler) {
    if (!can_wait_ || direction.failure()) {
      parley::detail::post_completion(std::move(handler), get_executor(), error_code{});
      return false;
    }
    return !stall(direction, handler);
  }

  bool may_transfer(Direction& direction, TransferHandler& handler) {
    if (const auto failure = direction.failure()) {
      parley::detail::post_completion(std::move(handler), get_executor(), *failure, std::size_t{0});
      return false;
    }
    if (stall(direction, handler)) return false;
    direction.count();
    return true;
  }

  bool stall(Direction& direction, auto& handler) {
    if (closed_ || !direction.is_stalled()) return false;
    stalled_.push_back(std::make_unique<Stalled>(Stalled{std::move(handler), asio::make_work_guard(get_executor())}));
    return true;
  }

  template <class Buffer, class Transfer>
  std::size_t attempt(Direction& direction, std::span<const Buffer> buffers, error_code& ec, Transfer transfer) {
    ec = {};
    if (!can_wait_) {
      ec = asio::error::operation_not_supported;
    } else if (const auto failure = direction.failure()) {
      ec = *failure;
    } else if (direction.is_stalled() || direction.blocks_spuriously()) {
      ec = asio::error::would_block;
    }
    if (ec) return 0;
    const std::vector<Buffer> cut = direction.cut(buffers);
    const std::size_t moved = transfer(std::span<const Buffer>{cut});
    if (ec != asio::error::would_block) direction.count();
    return moved;
  }

  void abort_stalled() noexcept {
    const error_code aborted = asio::error::operation_aborted;
    for (const auto& each : std::exchange(stalled_, {})) {
      if (auto* wait = std::get_if<WaitHandler>(&each->handler)) {
        parley::detail::post_completion(std::move(*wait), get_executor(), aborted);
      } else {
        parley::detail::post_completion(std::get<TransferHandler>(std::move(each->handler)), get_executor(), aborted,
                                        std::size_t{0});
      }
    }
  }

  Stream inner_;
  bool can_wait_;
  bool can_half_close_;
  bool closed_ = false;
  Direction reading_;
  Direction writing_;
  std::vector<std::unique_ptr<Stalled>> stalled_;
};

}  // namespace

Stream faulty_stream(Stream inner, FaultPlan plan) {
  if (plan.read_size_max == 0 || plan.write_size_max == 0) {
    throw std::invalid_argument{"a stream that moves at most 0 bytes an operation would never move any"};
  }
  return Stream{std::make_unique<FaultyStream>(std::move(inner), plan)};
}

}  // namespace parley::testing
