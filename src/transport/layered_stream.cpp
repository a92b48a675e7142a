#include "transport/layered_stream.hpp"

#include "detail/thread_kept.hpp"

#include <parley/detail/post_completion.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t gathered_max = 64;

/// Between turns no stream needs a buffer to encode into, so the threads keep them: two, for a layer on a layer.
class SpareBuffers : public parley::detail::ThreadKept<SpareBuffers> {
 public:
  std::vector<std::byte> take() {
    if (spares_ == nullptr || spares_->count == 0) return {};
    return std::move(spares_->buffers[--spares_->count]);
  }
  void give_back(std::vector<std::byte> buffer) {
    if (has_ended_ || buffer.capacity() > capacity_max) return;
    if (spares_ == nullptr) spares_ = new Spares;
    if (spares_->count == spares_->buffers.size()) return;
    buffer.clear();
    spares_->buffers[spares_->count++] = std::move(buffer);
  }
  void end() noexcept {
    has_ended_ = true;
    delete std::exchange(spares_, nullptr);
  }

 private:
  static constexpr std::size_t capacity_max = 4 * Layer::write_size_max;

  struct Spares {
    std::array<std::vector<std::byte>, 2> buffers;
    std::size_t count = 0;
  };
  Spares* spares_ = nullptr;  // the thread's own, as this has no destructor
  bool has_ended_ = false;
};

SpareBuffers& spare_buffers() { return SpareBuffers::of_this_thread(); }

/// What is left of a sequence of buffers, of which only the first `gathered_max` are looked at.
class Remaining {
 public:
  explicit Remaining(std::span<const asio::const_buffer> buffers) : last_{std::min(buffers.size(), gathered_max)} {
    std::copy_n(buffers.begin(), last_, buffers_.begin());
    skip_empty();
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == last_; }
  [[nodiscard]] std::span<const asio::const_buffer> buffers() const noexcept {
    return {buffers_.data() + first_, last_ - first_};
  }
  void consume(std::size_t size) {
    while (size > 0) {
      const std::size_t part = std::min(size, buffers_[first_].size());
      buffers_[first_] += part;
      size -= part;
      skip_empty();
    }
  }

 private:
  void skip_empty() {
    while (first_ != last_ && buffers_[first_].size() == 0) ++first_;
  }

  std::array<asio::const_buffer, gathered_max> buffers_;
  std::size_t first_ = 0;
  std::size_t last_;
};

}  // namespace

Endpoint with_scheme(const Endpoint& endpoint, Scheme scheme) {
  if (!endpoint.has_port()) return endpoint;
  const std::string text = endpoint.to_string();
  return Endpoint{std::string{to_string(scheme)} + text.substr(text.find("://"))};
}

std::optional<TimePoint> handshakes_begun(const Stream& stream) noexcept {
  const auto* const layered = dynamic_cast<const LayeredStream*>(&stream.backend());
  return layered == nullptr ? std::nullopt : std::optional{layered->begun()};
}

/// One call from outside: holds the mutex, and lends the layer a buffer to encode into.
class LayeredState::Turn {
 public:
  explicit Turn(LayeredState& state) : state_{state}, lock_{state.mutex_} {
    state_.is_drained_ = false;
    state_.is_congested_ = !state_.is_flushed();
    if (state_.out_.empty()) state_.out_ = spare_buffers().take();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    state_.flush();
    state_.measure_farewell();
    if (!state_.is_flushed()) {
      state_.watch_writable();
      return;
    }
    spare_buffers().give_back(std::exchange(state_.out_, {}));
  }

 private:
  LayeredState& state_;
  std::unique_lock<std::mutex> lock_;
};

LayeredState::LayeredState(Stream lower, Scheme scheme, const LayerMaker& make)
    : executor_{lower.get_executor()},
      begun_{handshakes_begun(lower).value_or(Clock::now())},
      local_{with_scheme(lower.local_endpoint(), scheme)},
      remote_{with_scheme(lower.remote_endpoint(), scheme)},
      lower_{std::move(lower)},
      layer_{make(*this)} {}

// --- what the layer sees ---------------------------------------------------------------------------------------------

std::size_t LayeredState::take(std::span<std::byte> room, error_code& ec) {
  if (is_drained_) {
    ec = asio::error::would_block;
    return 0;
  }
  const asio::mutable_buffer buffer{room.data(), room.size()};
  const std::size_t size = lower_.backend().try_read({&buffer, 1}, ec);
  received_size_ += size;
  // A read that left room has emptied the stream below; asking again would only cost a system call.
  is_drained_ = !ec && size < room.size();
  return size;
}

void LayeredState::give(std::span<const std::byte> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

// --- reading ---------------------------------------------------------------------------------------------------------

void LayeredState::handshake(error_code& ec) {
  const Turn turn{*this};
  if (is_closed_) {
    ec = asio::error::operation_aborted;
    return;
  }
  layer_->handshake(ec);
  flush();
  if (write_end_ && (!ec || ec == asio::error::would_block)) ec = write_end_;  // and no word of the peer's why
  may_have_more_ = !ec;                                                        // what came with the last of it
  if (!ec) start_heartbeat();
}

std::size_t LayeredState::try_read(MutableBuffers buffers, error_code& ec) {
  const Turn turn{*this};
  ec = {};
  if (is_closed_) {
    ec = asio::error::bad_descriptor;
    return 0;
  }
  std::size_t total = 0;
  for (const asio::mutable_buffer& each : buffers) {
    if (each.size() == 0) continue;
    error_code why;
    const std::size_t size = layer_->read({static_cast<std::byte*>(each.data()), each.size()}, why);
    total += size;
    // An end stands in the layer, behind its last bytes: nobody could wait for it below.
    may_have_more_ = why != asio::error::would_block;
    const bool is_pausing = !why && size < each.size();
    if (total == 0) ec = is_pausing ? error_code{asio::error::would_block} : why;
    if (why || is_pausing) break;
  }
  return total;
}

void LayeredState::wait_readable(WaitHandler handler) {
  const std::lock_guard lock{mutex_};
  if (is_closed_ || may_have_more_) {
    const error_code ec = is_closed_ ? error_code{asio::error::operation_aborted} : error_code{};
    parley::detail::post_completion(std::move(handler), executor_, ec);
    return;
  }
  if (!heartbeat_) return lower_.backend().wait_readable(std::move(handler));
  reader_.swap(handler);
  watch_readable();
}

void LayeredState::watch_readable() {
  if (std::exchange(is_watching_readable_, true)) return;
  lower_.backend().wait_readable(WaitHandler{[self = shared_from_this()](error_code ec) { self->on_readable(ec); }});
}

void LayeredState::on_readable(error_code ec) {
  WaitHandler reader;
  {
    const std::lock_guard lock{mutex_};
    is_watching_readable_ = false;
    if (is_closed_) return;
    reader.swap(reader_);
  }
  if (reader) std::move(reader)(ec);
}

// --- whether the peer is alive ---------------------------------------------------------------------------------------

void LayeredState::start_heartbeat() {
  if (layer_->heartbeat_interval() <= Duration::zero()) return;
  heartbeat_.emplace(executor_);
  await_heartbeat();
}

void LayeredState::await_heartbeat() {
  heartbeat_->expires_after(layer_->heartbeat_interval());
  heartbeat_->async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (self && !ec) self->on_heartbeat();
  });
}

void LayeredState::on_heartbeat() {
  const Turn turn{*this};
  if (is_closed_ || is_ended_) return;
  error_code ec;
  layer_->heartbeat(ec);
  // It may have taken bytes that the owner waits for below, where nothing would tell of them any more.
  may_have_more_ = true;
  WaitHandler reader;
  reader.swap(reader_);
  if (reader) parley::detail::post_completion(std::move(reader), executor_, error_code{});
  if (!ec) await_heartbeat();
}

// --- writing ---------------------------------------------------------------------------------------------------------

std::size_t LayeredState::try_write(ConstBuffers buffers, error_code& ec) {
  const Turn turn{*this};
  ec = {};
  Remaining remaining{buffers};
  if (is_closed_) ec = asio::error::bad_descriptor;
  if (is_ended_ && !ec) ec = asio::error::broken_pipe;
  if (ec || remaining.empty()) return 0;
  std::size_t total = 0;
  for (flush(); is_flushed() && !write_end_ && !ec && !remaining.empty(); flush()) {
    const std::size_t size = layer_->write(remaining.buffers(), ec);
    remaining.consume(size);
    total += size;
  }
  if (total > 0) {
    ec = {};
  } else if (write_end_) {
    ec = write_end_;
  } else if (!ec) {
    ec = asio::error::would_block;
  }
  return total;
}

void LayeredState::flush() {
  while (!is_flushed() && !write_end_) {
    const asio::const_buffer rest{out_.data() + out_begin_, out_.size() - out_begin_};
    error_code ec;
    const std::size_t size = lower_.backend().try_write({&rest, 1}, ec);
    out_begin_ += size;
    if (ec == asio::error::would_block) return;
    if (ec) write_end_ = ec;
  }
  // Also of a stream that takes nothing more.
  out_.clear();
  out_begin_ = 0;
}

void LayeredState::measure_farewell() {
  if (!before_farewell_ || farewell_size_ > 0) return;
  const std::size_t total = total_unacknowledged();
  // Acknowledgements may have come in between: then it is taken for smaller, and waited for as if it mattered.
  farewell_size_ = total - std::min(total, *before_farewell_);
}

void LayeredState::wait_writable(WaitHandler handler) {
  const std::lock_guard lock{mutex_};
  if (is_closed_) {
    parley::detail::post_completion(std::move(handler), executor_, error_code{asio::error::operation_aborted});
    return;
  }
  writer_.swap(handler);
  watch_writable();
}

void LayeredState::watch_writable() {
  if (is_watching_ || is_closed_) return;
  is_watching_ = true;
  lower_.backend().wait_writable(WaitHandler{[self = shared_from_this()](error_code ec) { self->on_writable(ec); }});
}

void LayeredState::on_writable(error_code ec) {
  WaitHandler writer;
  {
    const Turn turn{*this};
    is_watching_ = false;
    if (is_closed_) return;
    if (ec) write_end_ = ec;
    flush();
    if (is_flushed()) writer.swap(writer_);
  }
  // The loop's own turn, and so the stream's executor.
  if (writer) std::move(writer)(error_code{});
}

// --- both, asynchronously --------------------------------------------------------------------------------------------

void LayeredState::async_read(std::vector<asio::mutable_buffer> buffers, TransferHandler handler) {
  error_code ec;
  const std::size_t size = try_read(buffers, ec);
  if (ec != asio::error::would_block) {
    parley::detail::post_completion(std::move(handler), executor_, ec, size);
    return;
  }
  wait_readable(WaitHandler{[self = shared_from_this(), buffers = std::move(buffers),
                             handler = std::move(handler)](error_code failed) mutable {
    if (failed) {
      parley::detail::post_completion(std::move(handler), self->executor_, failed, std::size_t{0});
    } else {
      self->async_read(std::move(buffers), std::move(handler));
    }
  }});
}

void LayeredState::async_write(std::vector<asio::const_buffer> buffers, TransferHandler handler) {
  error_code ec;
  const std::size_t size = try_write(buffers, ec);
  if (ec != asio::error::would_block) {
    parley::detail::post_completion(std::move(handler), executor_, ec, size);
    return;
  }
  wait_writable(WaitHandler{[self = shared_from_this(), buffers = std::move(buffers),
                             handler = std::move(handler)](error_code failed) mutable {
    if (failed) {
      parley::detail::post_completion(std::move(handler), self->executor_, failed, std::size_t{0});
    } else {
      self->async_write(std::move(buffers), std::move(handler));
    }
  }});
}

// --- ending ----------------------------------------------------------------------------------------------------------

void LayeredState::end_writing(error_code& ec) {
  const Turn turn{*this};
  ec = {};
  if (is_closed_) {
    ec = asio::error::bad_descriptor;
  } else if (!std::exchange(is_ended_, true)) {
    layer_->end();
  }
}

void LayeredState::close() noexcept {
  WaitHandler writer;
  WaitHandler reader;
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_closed_, true)) return;
    if (heartbeat_) heartbeat_->cancel();
    end_below();
    lower_.close();
    writer.swap(writer_);
    reader.swap(reader_);
    out_ = {};
    out_begin_ = 0;
  }
  for (WaitHandler* const waiting : {&writer, &reader}) {
    if (!*waiting) continue;
    parley::detail::post_completion(std::move(*waiting), executor_, error_code{asio::error::operation_aborted});
  }
}

/// A layer below has a farewell of its own, for which this is the last moment: behind all that this one had to say. A
/// stream that was not ended here is cut there as well.
void LayeredState::end_below() noexcept {
  error_code ignored;
  const bool has_said_all = is_ended_ && is_flushed() && !write_end_;
  if (has_said_all && !lower_.backend().can_half_close()) lower_.shutdown_send(ignored);
}

void LayeredState::hang_up() noexcept {
  const std::lock_guard lock{mutex_};
  error_code ignored;
  is_ended_ = true;
  if (is_flushed() && !is_closed_) lower_.shutdown_send(ignored);
}

bool LayeredState::drop_input() {
  const std::lock_guard lock{mutex_};
  std::array<std::byte, 4096> dropped;
  const asio::mutable_buffer room{dropped.data(), dropped.size()};
  error_code ec;
  may_have_more_ = false;
  for (int i = 0; i < 16 && !ec && !is_closed_; ++i) lower_.backend().try_read({&room, 1}, ec);
  return !is_closed_ && (!ec || ec == asio::error::would_block);
}

// --- looking ---------------------------------------------------------------------------------------------------------

bool LayeredState::peer_has_ended() const noexcept {
  const std::lock_guard lock{mutex_};
  return !is_closed_ && lower_.backend().peer_has_ended();
}

bool LayeredState::is_lost() const noexcept {
  const std::lock_guard lock{mutex_};
  return !is_closed_ && lower_.backend().is_lost();
}

std::uint64_t LayeredState::received_size() const noexcept {
  const std::lock_guard lock{mutex_};
  return received_size_;
}

std::size_t LayeredState::unacknowledged_size() const noexcept {
  const std::lock_guard lock{mutex_};
  const std::size_t total = total_unacknowledged();
  return total - std::min(total, farewell_size_);
}

std::size_t LayeredState::total_unacknowledged() const noexcept {
  return out_.size() - out_begin_ + lower_.backend().unacknowledged_size().value_or(0);
}

std::string LayeredState::explain() const {
  const std::lock_guard lock{mutex_};
  const std::string& own = layer_->explain();
  return own.empty() ? lower_.explain() : own;
}

std::shared_ptr<const TlsInfo> LayeredState::tls_info() const {
  const std::lock_guard lock{mutex_};
  auto own = layer_->tls_info();
  return own ? own : lower_.tls_info();
}

std::optional<PeerCredentials> LayeredState::peer_credentials() const noexcept {
  const std::lock_guard lock{mutex_};
  return lower_.peer_credentials();
}

}  // namespace parley::transport
