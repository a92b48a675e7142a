// Stream: an ordered, reliable sequence of bytes to one peer. The first of the library's two seams.
//
// Everything above moves bytes only through this type; TCP, Unix sockets, an in-process pair, a user's own Asio stream
// (and TLS and WebSocket over any of them) are backends of it. A Stream models Asio's AsyncReadStream and
// AsyncWriteStream, and adds what an idle connection needs to hold no buffer (`wait_readable`, a read that does not
// wait) and what clean endings need (`shutdown_send`).
//
// Thread rule: as an Asio socket; one thread or strand at a time. At most one read-side operation (wait_readable or
// async_read_some) and one write-side operation may be pending. Destroying or closing completes them with
// asio::error::operation_aborted.
#pragma once

#include <parley/detail/call_on.hpp>
#include <parley/detail/shared_bytes.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/transport/peer_credentials.hpp>
#include <parley/transport/tls_info.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace parley::transport {

/// What waits, and what reads and writes, call.
using WaitHandler = boost::asio::any_completion_handler<void(boost::system::error_code)>;
using TransferHandler = boost::asio::any_completion_handler<void(boost::system::error_code, std::size_t)>;

/// Bytes to be written, and the memory that they lie in.
struct SharedBuffer {
  boost::asio::const_buffer bytes;                ///< what is to be written
  parley::detail::SharedBytes* memory = nullptr;  ///< to take references on; not null
};

/// What a transport implements. Handlers are invoked as by `post` on the stream's executor; that they may have another
/// is seen to by Stream, where its type is known (looking it up through an erased handler takes memory).
class StreamBackend {
 public:
  StreamBackend() = default;
  StreamBackend(const StreamBackend&) = delete;
  StreamBackend& operator=(const StreamBackend&) = delete;
  /// Closes.
  virtual ~StreamBackend() = default;

  /// Where the stream lives and handlers are invoked.
  [[nodiscard]] virtual boost::asio::any_io_executor get_executor() = 0;

  /// True when wait_readable, wait_writable, try_read and try_write work. False when only the async_ pair does
  /// (a stream of a user's, say): an idle reader then has to keep a buffer.
  [[nodiscard]] virtual bool can_wait() const noexcept = 0;
  /// What a reader that found nothing does next.
  enum class IdleReader : std::uint8_t {
    waits,       ///< for wait_readable
    asks_again,  ///< this function, after others have had their turn
    reads,       ///< after others have had their turn
  };
  /// Asked by the read side, when try_read has found nothing, in place of waiting at once: where more is likely to come
  /// before the reader would be asleep, it is better off awake. Without anything having come, `waits` within 100 us.
  [[nodiscard]] virtual IdleReader on_nothing_to_read() noexcept { return IdleReader::waits; }
  /// Complete when a read, or a write, would not wait; there may turn out to be nothing all the same.
  virtual void wait_readable(WaitHandler handler) = 0;
  virtual void wait_writable(WaitHandler handler) = 0;
  /// Never waits: asio::error::would_block when there is nothing, asio::error::eof at the end of the stream.
  virtual std::size_t try_read(std::span<const boost::asio::mutable_buffer> buffers, boost::system::error_code& ec) = 0;
  virtual std::size_t try_write(std::span<const boost::asio::const_buffer> buffers, boost::system::error_code& ec) = 0;

  /// Whether try_write_shared works: the stream keeps what it cannot pass on at once, and would rather refer to where
  /// it lies than copy it.
  [[nodiscard]] virtual bool keeps_what_is_written() const noexcept { return false; }
  /// try_write for such a stream: how many bytes it has taken, from the first buffer on, or asio::error::would_block.
  /// It may keep references on the buffers' memory for as long as it lives, so what lies there must not change any
  /// more. asio::error::operation_not_supported where keeps_what_is_written() is false.
  virtual std::size_t try_write_shared(std::span<const SharedBuffer> /*buffers*/, boost::system::error_code& ec) {
    ec = boost::asio::error::operation_not_supported;
    return 0;
  }

  /// Moves at least one byte, or completes with an error; asio::error::eof at the end of the stream. The array of
  /// buffers is good until the call returns, what they refer to until completion.
  virtual void async_read_some(std::span<const boost::asio::mutable_buffer> buffers, TransferHandler handler) = 0;
  virtual void async_write_some(std::span<const boost::asio::const_buffer> buffers, TransferHandler handler) = 0;

  /// Whether the sending side can end while the receiving side goes on.
  [[nodiscard]] virtual bool can_half_close() const noexcept = 0;
  /// Where it cannot (TLS, WebSocket), this still tells the peer that nothing follows, and the peer will end too.
  virtual void shutdown_send(boost::system::error_code& ec) = 0;
  /// Completes what is pending with asio::error::operation_aborted. May be called more than once.
  virtual void close() noexcept = 0;
  /// Closes, drops what has not been sent, and tells the peer that it was no orderly end, where the transport has a
  /// word for that: TCP, and channels of yamux. Elsewhere as close(). May be called more than once, and after close().
  virtual void reset() noexcept { close(); }

  /// Bytes written but not yet taken by the peer's system, where the transport can tell.
  [[nodiscard]] virtual std::optional<std::size_t> unacknowledged_size() const noexcept { return std::nullopt; }
  /// Whether it is certain that no more of these will be taken. A stream whose reads and writes say so need not.
  [[nodiscard]] virtual bool is_lost() const noexcept { return false; }

  /// Whether the system knows already that the peer has ended its direction, or the connection, though bytes that came
  /// before that may not have been read. False where that cannot be told.
  [[nodiscard]] virtual bool peer_has_ended() const noexcept { return false; }

  /// A sentence about the last failure, where the code alone does not say what to do about it; else empty.
  [[nodiscard]] virtual std::string explain() const { return {}; }
  /// What TLS knows of the peer; null where there is no TLS.
  [[nodiscard]] virtual std::shared_ptr<const TlsInfo> tls_info() const { return nullptr; }
  /// Who the peer is by the word of the kernel; nothing where it does not say (but for Unix sockets).
  [[nodiscard]] virtual std::optional<PeerCredentials> peer_credentials() const noexcept { return std::nullopt; }

  /// Where the two ends are; valid as long as the backend.
  [[nodiscard]] virtual const Endpoint& local_endpoint() const noexcept = 0;
  [[nodiscard]] virtual const Endpoint& remote_endpoint() const noexcept = 0;
};

/// Move-only handle on a backend; everything is undefined on a moved-from or default-made Stream but destroying,
/// assigning and `operator bool`.
class Stream {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  Stream() noexcept = default;
  /// Takes the backend over.
  explicit Stream(std::unique_ptr<StreamBackend> backend) noexcept : backend_{std::move(backend)} {}

  /// Whether there is a backend: false when moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return backend_ != nullptr; }
  /// Where handlers without an executor of their own are called.
  [[nodiscard]] executor_type get_executor() const { return backend_->get_executor(); }
  /// For those who drive a stream without tokens, as Connection does.
  [[nodiscard]] StreamBackend& backend() const noexcept { return *backend_; }

  /// Reads at least one byte. Completes with (error_code, size_t); asio::error::eof at the end.
  /// Cancellation: by `close` only.
  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer buffer) {
          backend_->async_read_some({&buffer, 1}, TransferHandler{from_here<std::size_t>(std::move(handler))});
        },
        token, first_nonempty<boost::asio::mutable_buffer>(buffers));
  }

  /// Writes at least one byte. Completes with (error_code, size_t).
  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::const_buffer buffer) {
          backend_->async_write_some({&buffer, 1}, TransferHandler{from_here<std::size_t>(std::move(handler))});
        },
        token, first_nonempty<boost::asio::const_buffer>(buffers));
  }

  /// Completes with (error_code) when a read would not wait. Streams that cannot tell complete at once.
  template <class Token>
  auto wait_readable(Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [this](auto handler) { backend_->wait_readable(WaitHandler{from_here<>(std::move(handler))}); }, token);
  }

  /// Tells the peer that nothing follows. Reading goes on, unless the stream cannot close one direction alone
  /// (StreamBackend::can_half_close).
  void shutdown_send(boost::system::error_code& ec) { backend_->shutdown_send(ec); }
  /// Completes what is pending with asio::error::operation_aborted; then nothing but destroying makes sense.
  void close() noexcept { backend_->close(); }
  /// Closes, drops what has not been sent, and tells the peer that it was no orderly end, where the transport can (TCP,
  /// channels of yamux): its reads end with an error such as asio::error::connection_reset or error::channel_reset.
  /// Elsewhere as close(). What is pending here completes with asio::error::operation_aborted.
  void reset() noexcept { backend_->reset(); }

  /// The sentence about the last failure; empty where its code says enough.
  [[nodiscard]] std::string explain() const { return backend_->explain(); }
  /// Who the peer has proved to be by TLS; null where there is no TLS.
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const { return backend_->tls_info(); }
  /// Who is at the other end of a Unix socket; nothing on other streams.
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept {
    return backend_->peer_credentials();
  }

  /// Where the two ends are; valid as long as the stream.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept { return backend_->local_endpoint(); }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept { return backend_->remote_endpoint(); }

 private:
  /// Called on the stream's executor, it goes on to the handler's own, which has work until then.
  template <class... Results, class Handler>
  auto from_here(Handler handler) const {
    const auto slot = boost::asio::get_associated_cancellation_slot(handler);
    auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler, get_executor()),
                                        boost::asio::execution::outstanding_work.tracked);
    auto go_on = [executor = std::move(executor), handler = std::move(handler)](boost::system::error_code ec,
                                                                                Results... results) mutable {
      auto call = [handler = std::move(handler), ec, results...]() mutable { std::move(handler)(ec, results...); };
      if constexpr (std::same_as<decltype(executor), boost::asio::any_io_executor>) {
        parley::detail::call_on(executor, std::move(call));
      } else {
        boost::asio::dispatch(executor, std::move(call));
      }
    };
    return boost::asio::bind_cancellation_slot(slot, std::move(go_on));
  }

  template <class Buffer, class Sequence>
  static Buffer first_nonempty(const Sequence& buffers) {
    auto it = boost::asio::buffer_sequence_begin(buffers);
    const auto last = boost::asio::buffer_sequence_end(buffers);
    for (; it != last; ++it) {
      if (Buffer buffer{*it}; buffer.size() > 0) return buffer;
    }
    return Buffer{};
  }

  std::unique_ptr<StreamBackend> backend_;
};

}  // namespace parley::transport
