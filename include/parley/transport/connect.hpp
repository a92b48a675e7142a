// async_connect: a Stream to an endpoint made of streams (tcp, unix, inproc, tls, ws, wss), or a channel
// (mux+…) of one that is shared.
//
//   auto why = std::make_shared<std::string>();
//   StreamConnectOptions options;
//   options.deadline(5s).failure_to(why);
//   const auto token = asio::as_tuple(asio::use_awaitable);
//   auto [ec, stream] = co_await async_connect(executor, "tcp://localhost:8888", options, token);
//   if (ec) log(*why);
//
// which logs, say,
//
//   cannot connect to tcp://localhost:8888: connection refused (127.0.0.1:8888, [::1]:8888)
//
// A host name may have many addresses. They are tried as RFC 8305 has it: the families take turns, a new attempt
// starts `attempt_delay` after the last one, or at once when one fails; the first to connect wins and the others are
// closed. (Both families are asked for in one look-up.) A literal address needs no look-up and so no resolver thread.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace parley::transport {

/// What async_connect calls.
using ConnectHandler = boost::asio::any_completion_handler<void(boost::system::error_code, Stream)>;

/// Setters return the object, so that they chain. Name the object before a co_await, as with all options here.
class StreamConnectOptions {
 public:
  StreamConnectOptions() = default;
  ~StreamConnectOptions() = default;
  StreamConnectOptions(const StreamConnectOptions&) = default;
  StreamConnectOptions& operator=(const StreamConnectOptions&) = default;

  /// For everything together, looking up the name included. Default: never.
  StreamConnectOptions& deadline(Deadline value) { return deadline_ = value, *this; }
  /// How the socket is set up, and TLS and WebSocket over it.
  StreamConnectOptions& transport(TransportOptions value) { return transport_ = std::move(value), *this; }
  /// Between the starts of attempts at two addresses. Zero tries all at once. Default: 250 ms.
  StreamConnectOptions& attempt_delay(Duration value) { return attempt_delay_ = value, *this; }
  /// Where the sentence of a failure is written, before the handler is called. One for each operation: two at a time
  /// would both write to it, perhaps from two threads.
  StreamConnectOptions& failure_to(std::shared_ptr<std::string> value) { return failure_ = std::move(value), *this; }

  /// What has been set.
  [[nodiscard]] Deadline deadline() const noexcept { return deadline_; }
  [[nodiscard]] const TransportOptions& transport() const noexcept { return transport_; }
  [[nodiscard]] Duration attempt_delay() const noexcept { return attempt_delay_; }
  [[nodiscard]] const std::shared_ptr<std::string>& failure_to() const noexcept { return failure_; }

 private:
  Deadline deadline_;
  TransportOptions transport_;
  Duration attempt_delay_ = std::chrono::milliseconds{250};
  std::shared_ptr<std::string> failure_;
};

namespace detail {
/// Throws std::invalid_argument for what can never be connected: a wildcard host, port 0, tls with a server's context.
PARLEY_EXPORT void require_connectable(const Endpoint& endpoint, const TransportOptions& options);
PARLEY_EXPORT void start_connect(boost::asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
                                 ConnectHandler handler);
}  // namespace detail

/// Completes with (error_code, Stream), through the handler's associated executor; the stream lives on `executor`.
/// Errors: the system's (of the last address whose error says more than that there is no route), those of
/// asio::error::get_netdb_category() for a name that cannot be looked up, error::no_address, error::timed_out,
/// error::unavailable for a scheme that this build has not; for inproc error::no_listener and too_many_connections,
/// when as many as the listener's backlog wait to be accepted; for tls also error::untrusted_peer, refused_by_peer and
/// handshake_failed. Cancellation, at any point: operation_aborted, and nothing stays open. (While a name is being
/// looked up, the system's resolver cannot be interrupted: the operation completes at once, but the execution context
/// has work until the resolver returns.) Any thread. Throws std::invalid_argument, at once, for an endpoint that can
/// never be connected.
template <class Token>
auto async_connect(boost::asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
                   Token&& token) {
  detail::require_connectable(endpoint, options.transport());
  return boost::asio::async_initiate<Token, void(boost::system::error_code, Stream)>(
      [](auto handler, boost::asio::any_io_executor on, Endpoint to, StreamConnectOptions with) {
        detail::start_connect(std::move(on), std::move(to), std::move(with), ConnectHandler{std::move(handler)});
      },
      token, std::move(executor), std::move(endpoint), std::move(options));
}

}  // namespace parley::transport
