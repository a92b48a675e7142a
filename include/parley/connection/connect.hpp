// Dialling: from an endpoint to a Connection.
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/connection/options.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>
#include <parley/transport/tls_context.hpp>
#include <parley/transport/udp_options.hpp>
#include <parley/transport/ws_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace parley {

/// Settings of one connect(). Setters, so that `co_await connect(where, ConnectOptions{}.framing(lines))` is safe with
/// GCC 12, which destroys aggregate temporaries of a co_await expression twice.
class ConnectOptions {
 public:
  /// What a connect() without a deadline of its own waits at most.
  static constexpr std::chrono::seconds default_time_out{30};

  ConnectOptions() {}  // NOLINT(modernize-use-equals-default): must not be an aggregate

  /// How messages are told apart; the peer has to do the same. Default: LengthPrefixed{}.
  ConnectOptions& framing(Framing value) {
    connection_.framing = std::move(value);
    return *this;
  }
  /// Largest body accepted or sent, in bytes. Default: limits::message_size_max.
  ConnectOptions& message_size_max(std::size_t value) {
    connection_.message_size_max = value;
    return *this;
  }
  /// All queueing and framing settings at once.
  ConnectOptions& connection(ConnectionOptions value) {
    connection_ = std::move(value);
    return *this;
  }
  /// All settings of the socket, TLS and WebSocket at once.
  ConnectOptions& transport(TransportOptions value) {
    transport_ = std::move(value);
    return *this;
  }
  /// tls, wss: what to trust and to show; the same as `transport().tls`.
  ConnectOptions& tls(TlsContext value) {
    transport_.tls = std::move(value);
    return *this;
  }
  /// ws, wss; the same as `transport().ws`.
  ConnectOptions& ws(WsOptions value) {
    transport_.ws = std::move(value);
    return *this;
  }
  /// udp; the same as `transport().udp`.
  ConnectOptions& udp(UdpOptions value) {
    transport_.udp = std::move(value);
    return *this;
  }
  /// When to give up, name resolution included; without it, `default_time_out` after the call.
  ConnectOptions& deadline(Deadline value) {
    deadline_ = value;
    return *this;
  }

  /// What has been set.
  [[nodiscard]] const ConnectionOptions& connection() const noexcept { return connection_; }
  [[nodiscard]] const TransportOptions& transport() const noexcept { return transport_; }
  [[nodiscard]] const std::optional<Deadline>& deadline() const noexcept { return deadline_; }

 private:
  ConnectionOptions connection_;
  TransportOptions transport_;
  std::optional<Deadline> deadline_;
};

namespace detail {
PARLEY_EXPORT void start_connect(boost::asio::any_io_executor, Endpoint, ConnectOptions, Handler<Connection>);
}

/// Connects from the executor of the awaiting coroutine. All addresses a host name has are tried, both families in
/// turn, a slow one not holding up the next. Throws Error: error::timed_out, error::no_address, error::no_listener
/// (inproc), error::unavailable (a scheme this build has not), error::untrusted_peer, refused_by_peer or
/// handshake_failed (tls, ws, wss), or the system's code of the last address tried; the sentence names every address.
/// Cancellation leaves nothing behind. Throws std::invalid_argument when the framing cannot work there.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<Connection> connect(Endpoint endpoint, ConnectOptions options = {});

/// The same with an executor for the connection and a completion token; completes with (error_code, Connection), the
/// Connection being empty after an error.
template <boost::asio::completion_token_for<void(boost::system::error_code, Connection)> Token>
auto connect(boost::asio::any_io_executor executor, Endpoint endpoint, ConnectOptions options, Token&& token) {
  return boost::asio::async_initiate<Token, void(boost::system::error_code, Connection)>(
      [](auto handler, boost::asio::any_io_executor io, Endpoint where, ConnectOptions how) {
        detail::start_connect(std::move(io), std::move(where), std::move(how),
                              detail::Handler<Connection>{std::move(handler)});
      },
      token, std::move(executor), std::move(endpoint), std::move(options));
}

}  // namespace parley
