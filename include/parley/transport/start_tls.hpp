// start_tls: TLS over a stream that is there already: a socket of your own, a Unix socket, a protocol that agrees on it
// first.
//
//   StartTlsOptions options;
//   options.host("example.org");
//   Stream secure = co_await start_tls(std::move(stream), client_context, options, asio::use_awaitable);
//
// (An endpoint `tls://…` does the same for connect, Listener and Acceptor.)
#pragma once

#include <parley/detail/export.hpp>
#include <parley/limits.hpp>
#include <parley/time.hpp>
#include <parley/transport/stream.hpp>
#include <parley/transport/tls_context.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>

#include <memory>
#include <string>
#include <utility>

namespace parley::transport {

/// Setters return the object, so that they chain. Name the object before a co_await.
class StartTlsOptions {
 public:
  StartTlsOptions() {}  // NOLINT(modernize-use-equals-default): must not be an aggregate

  /// Clients: who the peer must be. Without it, the context must have a server_name.
  StartTlsOptions& host(std::string value) { return host_ = std::move(value), *this; }
  /// How long the handshake may take. Default: 10 s.
  StartTlsOptions& time_max(Duration value) { return time_max_ = value, *this; }
  /// Where the sentence of a failure is written, before the handler is called.
  StartTlsOptions& failure_to(std::shared_ptr<std::string> value) { return failure_ = std::move(value), *this; }

  /// What has been set.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] Duration time_max() const noexcept { return time_max_; }
  [[nodiscard]] const std::shared_ptr<std::string>& failure_to() const noexcept { return failure_; }

 private:
  std::string host_;
  Duration time_max_ = limits::handshake_time_max;
  std::shared_ptr<std::string> failure_;
};

/// What start_tls calls.
using StartTlsHandler = boost::asio::any_completion_handler<void(boost::system::error_code, Stream)>;

namespace detail {
PARLEY_EXPORT void start_tls_handshake(Stream stream, TlsContext context, StartTlsOptions options,
                                       StartTlsHandler handler);
}

/// The handshake, as server or client according to the context. Completes with (error_code, Stream), as by `post`,
/// through the handler's associated executor. Errors: error::untrusted_peer, refused_by_peer, handshake_failed,
/// timed_out; what the stream says. The stream is closed after an error, and after cancellation (operation_aborted).
/// Throws std::invalid_argument for an empty context, a client that does not know whom to expect, and a stream that
/// cannot wait (StreamBackend::can_wait).
template <class Token>
auto start_tls(Stream stream, TlsContext context, StartTlsOptions options, Token&& token) {
  return boost::asio::async_initiate<Token, void(boost::system::error_code, Stream)>(
      [](auto handler, Stream over, TlsContext with, StartTlsOptions how) {
        detail::start_tls_handshake(std::move(over), std::move(with), std::move(how),
                                    StartTlsHandler{std::move(handler)});
      },
      token, std::move(stream), std::move(context), std::move(options));
}

}  // namespace parley::transport
