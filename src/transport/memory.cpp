#include <parley/transport/memory.hpp>

#include "transport/memory_pipe.hpp"

#include <stdexcept>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

const Endpoint& memory_endpoint() {
  static const Endpoint endpoint{"inproc://memory"};
  return endpoint;
}

class MemoryStream final : public StreamBackend {
 public:
  MemoryStream(asio::any_io_executor executor, std::shared_ptr<MemoryPipe> in, std::shared_ptr<MemoryPipe> out)
      : executor_{std::move(executor)}, in_{std::move(in)}, out_{std::move(out)} {}
  ~MemoryStream() override { end(); }

  asio::any_io_executor get_executor() override { return executor_; }
  [[nodiscard]] bool can_wait() const noexcept override { return true; }
  void wait_readable(WaitHandler handler) override { in_->wait_readable(std::move(handler)); }
  void wait_writable(WaitHandler handler) override { out_->wait_writable(std::move(handler)); }
  std::size_t try_read(std::span<const asio::mutable_buffer> buffers, error_code& ec) override {
    return in_->try_read(buffers, ec);
  }
  std::size_t try_write(std::span<const asio::const_buffer> buffers, error_code& ec) override {
    return out_->try_write(buffers, ec);
  }
  void async_read_some(std::span<const asio::mutable_buffer> buffers, TransferHandler handler) override {
    in_->async_read(buffers, std::move(handler));
  }
  void async_write_some(std::span<const asio::const_buffer> buffers, TransferHandler handler) override {
    out_->async_write(buffers, std::move(handler));
  }
  [[nodiscard]] bool can_half_close() const noexcept override { return true; }
  void shutdown_send(error_code& ec) override {
    ec = {};
    out_->end_writing();
  }
  void close() noexcept override { end(); }
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override { return out_->size(); }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return memory_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return memory_endpoint(); }

 private:
  void end() noexcept {
    in_->end_reading();
    out_->end_writing();
  }

  asio::any_io_executor executor_;
  std::shared_ptr<MemoryPipe> in_;
  std::shared_ptr<MemoryPipe> out_;
};

}  // namespace

std::pair<Stream, Stream> memory_pair(asio::any_io_executor first, asio::any_io_executor second,
                                      MemoryOptions options) {
  if (options.capacity == 0) throw std::invalid_argument{"the capacity of a memory stream must be at least 1 byte"};
  const auto forth = std::make_shared<MemoryPipe>(options.capacity, second, first);
  const auto back = std::make_shared<MemoryPipe>(options.capacity, first, second);
  return {Stream{std::make_unique<MemoryStream>(std::move(first), back, forth)},
          Stream{std::make_unique<MemoryStream>(std::move(second), forth, back)}};
}

}  // namespace parley::transport
