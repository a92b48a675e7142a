// LayeredStream: the Stream that a Layer makes of the stream below it.
//
// The layer encodes into `out_`, of which as much as possible goes down at once. What the stream below does not take is
// kept and written by this object itself as soon as it can be: to the owner it has been written, and counts as
// unacknowledged. While anything is kept no more is accepted, so what is kept is bounded by one write.
//
// Reading and writing may run at the same time on two threads, and the layer takes one call at a time: one mutex guards
// everything. It is held over the calls on the stream below, none of which waits.
#pragma once

#include "transport/layer.hpp"

#include <parley/transport/stream.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace parley::transport {

/// Makes the layer over what is below it.
using LayerMaker = std::function<std::unique_ptr<Layer>(Below& below)>;

/// The part of a LayeredStream that operations under way share with it.
class LayeredState final : public std::enable_shared_from_this<LayeredState>, private Below {
 public:
  using MutableBuffers = std::span<const boost::asio::mutable_buffer>;
  using ConstBuffers = std::span<const boost::asio::const_buffer>;

  /// `lower` can wait. `scheme` is what the endpoints are called.
  LayeredState(Stream lower, Scheme scheme, const LayerMaker& make);

  /// As Layer's, and sends what it gave.
  void handshake(boost::system::error_code& ec);

  std::size_t try_read(MutableBuffers buffers, boost::system::error_code& ec);
  std::size_t try_write(ConstBuffers buffers, boost::system::error_code& ec);
  void wait_readable(WaitHandler handler);
  void wait_writable(WaitHandler handler);
  void async_read(std::vector<boost::asio::mutable_buffer> buffers, TransferHandler handler);
  void async_write(std::vector<boost::asio::const_buffer> buffers, TransferHandler handler);
  void end_writing(boost::system::error_code& ec);
  void close() noexcept;

  /// For a handshake that has failed: nothing more is sent, and what still comes is of no interest. The stream below
  /// must be read to its end all the same, or closing it may destroy what the peer was told.
  void hang_up() noexcept;
  /// Reads and drops what is there; false when there will be no more.
  [[nodiscard]] bool drop_input();

  [[nodiscard]] std::size_t unacknowledged_size() const noexcept;
  [[nodiscard]] bool is_lost() const noexcept;
  /// Bytes that have come from below so far.
  [[nodiscard]] std::uint64_t received_size() const noexcept;
  [[nodiscard]] bool peer_has_ended() const noexcept;
  [[nodiscard]] std::string explain() const;
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const;
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept;
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }
  [[nodiscard]] TimePoint begun() const noexcept { return begun_; }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return local_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept { return remote_; }

 private:
  class Turn;

  std::size_t take(std::span<std::byte> room, boost::system::error_code& ec) override;
  void give(std::span<const std::byte> bytes) override;
  void begin_farewell() override { before_farewell_ = total_unacknowledged(); }
  [[nodiscard]] bool is_congested() const override { return is_congested_; }

  // With the mutex held.
  void flush();
  void end_below() noexcept;
  void measure_farewell();
  [[nodiscard]] std::size_t total_unacknowledged() const noexcept;
  void watch_writable();
  [[nodiscard]] bool is_flushed() const noexcept { return out_begin_ == out_.size(); }
  void on_writable(boost::system::error_code ec);
  void watch_readable();
  void on_readable(boost::system::error_code ec);
  void start_heartbeat();
  void await_heartbeat();
  void on_heartbeat();

  const boost::asio::any_io_executor executor_;
  const TimePoint begun_;  // the handshake of the lowest layer
  const Endpoint local_;
  const Endpoint remote_;

  mutable std::mutex mutex_;
  Stream lower_;
  std::unique_ptr<Layer> layer_;
  std::vector<std::byte> out_;
  std::size_t out_begin_ = 0;            // before it: already written
  boost::system::error_code write_end_;  // of the stream below
  // A peer that has closed first answers the farewell by a reset, and never acknowledges it.
  std::optional<std::size_t> before_farewell_;  // what was unacknowledged then
  std::size_t farewell_size_ = 0;               // of it, as the stream below counts
  std::uint64_t received_size_ = 0;
  bool is_congested_ = false;   // this turn began with bytes that had not left
  bool is_drained_ = false;     // in this turn the stream below had no more
  bool may_have_more_ = false;  // the layer may hold bytes: taken with the handshake, or left by a full buffer
  bool is_watching_ = false;    // a wait for the stream below to be writable
  WaitHandler writer_;          // the owner's
  // Only with a heartbeat: who waits to read may have to be told of something that did not come from below.
  std::optional<boost::asio::steady_timer> heartbeat_;
  bool is_watching_readable_ = false;
  WaitHandler reader_;
  bool is_ended_ = false;
  bool is_closed_ = false;
};

class LayeredStream final : public StreamBackend {
 public:
  explicit LayeredStream(std::shared_ptr<LayeredState> state) noexcept : state_{std::move(state)} {}
  ~LayeredStream() override { state_->close(); }

  boost::asio::any_io_executor get_executor() override { return state_->executor(); }
  [[nodiscard]] bool can_wait() const noexcept override { return true; }
  void wait_readable(WaitHandler handler) override { state_->wait_readable(std::move(handler)); }
  void wait_writable(WaitHandler handler) override { state_->wait_writable(std::move(handler)); }
  std::size_t try_read(std::span<const boost::asio::mutable_buffer> buffers, boost::system::error_code& ec) override {
    return state_->try_read(buffers, ec);
  }
  std::size_t try_write(std::span<const boost::asio::const_buffer> buffers, boost::system::error_code& ec) override {
    return state_->try_write(buffers, ec);
  }
  void async_read_some(std::span<const boost::asio::mutable_buffer> buffers, TransferHandler handler) override {
    state_->async_read({buffers.begin(), buffers.end()}, std::move(handler));
  }
  void async_write_some(std::span<const boost::asio::const_buffer> buffers, TransferHandler handler) override {
    state_->async_write({buffers.begin(), buffers.end()}, std::move(handler));
  }
  [[nodiscard]] bool can_half_close() const noexcept override { return false; }
  void shutdown_send(boost::system::error_code& ec) override { state_->end_writing(ec); }
  void close() noexcept override { state_->close(); }
  [[nodiscard]] std::optional<std::size_t> unacknowledged_size() const noexcept override {
    return state_->unacknowledged_size();
  }
  [[nodiscard]] bool is_lost() const noexcept override { return state_->is_lost(); }
  [[nodiscard]] bool peer_has_ended() const noexcept override { return state_->peer_has_ended(); }
  [[nodiscard]] std::string explain() const override { return state_->explain(); }
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const override { return state_->tls_info(); }
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept override {
    return state_->peer_credentials();
  }
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return state_->local_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return state_->remote_endpoint(); }
  [[nodiscard]] TimePoint begun() const noexcept { return state_->begun(); }

 private:
  std::shared_ptr<LayeredState> state_;
};

/// When the handshakes of a stream with layers began; nothing for one without.
[[nodiscard]] std::optional<TimePoint> handshakes_begun(const Stream& stream) noexcept;

/// The same place under another scheme; unchanged where the scheme needs a host and the endpoint has none.
[[nodiscard]] Endpoint with_scheme(const Endpoint& endpoint, Scheme scheme);

}  // namespace parley::transport
