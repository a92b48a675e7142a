// make_stream: a Stream from something that the program already has.
//
//   Stream a = make_stream(std::move(tcp_socket));              // an Asio TCP or Unix stream socket: all abilities
//   Stream b = make_stream(std::move(tcp_socket), options);     // the same, set up by TransportOptions
//   Stream c = make_stream(MyStream{…}, "inproc://my-stream");  // anything with async_read_some and async_write_some
//
// A socket keeps its settings unless options are given. No operation may be pending on what is passed in.
//
// Another's stream is only read and written through its own operations, so it cannot say when it is readable
// (`can_wait()` is false), and it can half-close if it has `shutdown(shutdown_send, error_code&)` itself. (Its lowest
// layer is left alone: ending TLS or WebSocket there would look to the peer like an attack.) `close()` uses, in this
// order, its `close(error_code&)`, its `lowest_layer().close(error_code&)`, or destroys it.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/detail/post_completion.hpp>
#include <parley/transport/options.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace parley::transport {

namespace detail {

/// An Asio stream socket by its shape, so that this header needs none of Asio's socket headers.
template <class S>
concept NativeSocket = requires(S& socket, boost::system::error_code& ec) {
  typename S::protocol_type;
  { socket.native_handle() } -> std::convertible_to<int>;
  { socket.release(ec) } -> std::convertible_to<int>;
  { socket.get_executor() } -> std::convertible_to<boost::asio::any_io_executor>;
};

/// Takes the descriptor over, whatever happens. Throws parley::Error if it is not a connected TCP or Unix stream
/// socket, or if the options cannot be set.
PARLEY_EXPORT Stream adopt_socket(boost::asio::any_io_executor executor, int descriptor,
                                  const TransportOptions* options);

/// Buffers that stay valid while an operation runs, although the caller's array does not.
template <class Buffer>
class KeptBuffers {
 public:
  std::span<const Buffer> keep(std::span<const Buffer> buffers) {
    buffers_.assign(buffers.begin(), buffers.end());
    return buffers_;
  }

 private:
  std::vector<Buffer> buffers_;
};

template <class S>
concept HalfClosable = requires(S& s, boost::system::error_code& ec) {
  s.shutdown(boost::asio::socket_base::shutdown_send, ec);
};
template <class S>
concept Closable = requires(S& s, boost::system::error_code& ec) {
  s.close(ec);
};
template <class S>
concept LowestLayerClosable = requires(S& s, boost::system::error_code& ec) {
  s.lowest_layer().close(ec);
};

template <class AsyncStream>
class AdaptedStream final : public StreamBackend {
 public:
  AdaptedStream(AsyncStream stream, Endpoint local, Endpoint remote)
      : executor_{stream.get_executor()},
        stream_{std::move(stream)},
        local_{std::move(local)},
        remote_{std::move(remote)} {}

  boost::asio::any_io_executor get_executor() override { return executor_; }

  [[nodiscard]] bool can_wait() const noexcept override { return false; }
  void wait_readable(WaitHandler handler) override { complete_wait(std::move(handler)); }
  void wait_writable(WaitHandler handler) override { complete_wait(std::move(handler)); }
  std::size_t try_read(std::span<const boost::asio::mutable_buffer>, boost::system::error_code& ec) override {
    ec = boost::asio::error::operation_not_supported;
    return 0;
  }
  std::size_t try_write(std::span<const boost::asio::const_buffer>, boost::system::error_code& ec) override {
    ec = boost::asio::error::operation_not_supported;
    return 0;
  }

  void async_read_some(std::span<const boost::asio::mutable_buffer> buffers, TransferHandler handler) override {
    if (closed_) return abort(std::move(handler));
    if (buffers.size() == 1) return stream_->async_read_some(buffers.front(), std::move(handler));
    stream_->async_read_some(read_buffers_.keep(buffers), std::move(handler));
  }

  void async_write_some(std::span<const boost::asio::const_buffer> buffers, TransferHandler handler) override {
    if (closed_) return abort(std::move(handler));
    if (buffers.size() == 1) return stream_->async_write_some(buffers.front(), std::move(handler));
    stream_->async_write_some(write_buffers_.keep(buffers), std::move(handler));
  }

  [[nodiscard]] bool can_half_close() const noexcept override { return HalfClosable<AsyncStream>; }
  void shutdown_send(boost::system::error_code& ec) override {
    if constexpr (HalfClosable<AsyncStream>) {
      if (closed_) {
        ec = boost::asio::error::bad_descriptor;
      } else {
        stream_->shutdown(boost::asio::socket_base::shutdown_send, ec);
      }
    } else {
      ec = boost::asio::error::operation_not_supported;
    }
  }

  void close() noexcept override {
    if (std::exchange(closed_, true)) return;
    boost::system::error_code ignored;
    if constexpr (Closable<AsyncStream>) {
      stream_->close(ignored);
    } else if constexpr (LowestLayerClosable<AsyncStream>) {
      stream_->lowest_layer().close(ignored);
    } else {
      stream_.reset();
    }
  }

  [[nodiscard]] const Endpoint& local_endpoint() const noexcept override { return local_; }
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept override { return remote_; }

 private:
  void complete_wait(WaitHandler handler) {
    const auto ec =
        closed_ ? boost::system::error_code{boost::asio::error::operation_aborted} : boost::system::error_code{};
    parley::detail::post_completion(std::move(handler), executor_, ec);
  }

  void abort(TransferHandler handler) {
    const boost::system::error_code ec = boost::asio::error::operation_aborted;
    parley::detail::post_completion(std::move(handler), executor_, ec, std::size_t{0});
  }

  boost::asio::any_io_executor executor_;
  // Before the stream, because a pending operation of the stream refers to them until the stream has gone.
  KeptBuffers<boost::asio::mutable_buffer> read_buffers_;
  KeptBuffers<boost::asio::const_buffer> write_buffers_;
  std::optional<AsyncStream> stream_;
  bool closed_ = false;
  Endpoint local_;
  Endpoint remote_;
};

}  // namespace detail

/// From a connected Asio TCP or Unix stream socket, which is left closed. Local and remote endpoints are the socket's;
/// an end of a Unix socket without a name has the other's, and a pair without names is `inproc://socketpair`.
/// Throws parley::Error if it is not connected.
template <detail::NativeSocket Socket>
[[nodiscard]] Stream make_stream(Socket socket) {
  boost::asio::any_io_executor executor = socket.get_executor();
  boost::system::error_code ec;
  const int descriptor = static_cast<int>(socket.release(ec));
  return detail::adopt_socket(std::move(executor), descriptor, nullptr);
}

/// The same, and sets the options on the socket. Throws parley::Error if one cannot be set.
template <detail::NativeSocket Socket>
[[nodiscard]] Stream make_stream(Socket socket, const TransportOptions& options) {
  boost::asio::any_io_executor executor = socket.get_executor();
  boost::system::error_code ec;
  const int descriptor = static_cast<int>(socket.release(ec));
  return detail::adopt_socket(std::move(executor), descriptor, &options);
}

/// From any stream with `get_executor`, `async_read_some` and `async_write_some`. The endpoints are only for people
/// and logs. The stream must bear what a Stream must: one read and one write at a time, both ending with an error when
/// it is closed or destroyed.
template <class AsyncStream>
requires(!detail::NativeSocket<AsyncStream>) [[nodiscard]] Stream
    make_stream(AsyncStream stream, Endpoint local = "inproc://stream", Endpoint remote = "inproc://stream") {
  return Stream{
      std::make_unique<detail::AdaptedStream<AsyncStream>>(std::move(stream), std::move(local), std::move(remote))};
}

}  // namespace parley::transport
