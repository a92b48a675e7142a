// Listener: accepts Connections at an endpoint, whatever its scheme.
//
//   parley::Listener listener{co_await asio::this_coro::executor, "tcp://127.0.0.1:0"};
//   std::cout << listener.local_endpoint() << '\n';       // the port really bound
//   parley::Connection peer = co_await listener.accept();
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/connection/datagram_stats.hpp>
#include <parley/connection/options.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

/// How a listener's connections are made, and how many.
struct ListenerOptions {
  /// What every accepted connection is made with.
  ConnectionOptions connection{};
  /// How their sockets are set up; for tls and wss with a server's TlsContext in it.
  TransportOptions transport{};
  /// With this many accepted connections open, further ones stay in the kernel's backlog until one ends. In-process
  /// listeners refuse them with error::too_many_connections. At udp, where each remote address is a connection, those
  /// not yet accepted count as well, and datagrams of further addresses are dropped and counted.
  std::size_t connections_max = limits::connections_max;
  /// Where the next accepted connection lives, asked once for each: so a program with several event loops deals its
  /// connections among them, handshakes included. Called from any thread that runs the listener's executor, and must
  /// not use the listener. Empty: all live on that executor; so do the connections of `mux+…` endpoints in any case.
  std::function<boost::asio::any_io_executor()> deal{};
};

/// Counters of one listener since it was made.
struct ListenerStats {
  std::uint64_t connections_accepted = 0;  ///< handed to the application
  DatagramStats datagrams{};               ///< udp: of the listener and all its connections, which share its socket
};

namespace detail {
class ListenerBackend;
PARLEY_EXPORT void start_accept(std::shared_ptr<ListenerBackend>, Deadline, Handler<Connection>);
}  // namespace detail

/// Thread rule: as Connection. Destroying or closing it completes pending accepts with operation_aborted, frees the
/// address (a Unix socket file is unlinked if it is still the one bound) and leaves accepted connections alone. At udp
/// these share its socket, and the address is free when the last of them has closed; and one that has been asked for a
/// connection keeps its context's run() from returning until it is closed.
class PARLEY_EXPORT Listener {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Binds and listens; accepted connections use `executor`, unless the options deal them. Throws Error, whose sentence
  /// says what and why; a scheme this build has not is error::unavailable, a framing that cannot work there
  /// std::invalid_argument. A Unix socket file that no process listens on any more is replaced; one that is in use, and
  /// anything that is not a socket, is left alone.
  Listener(executor_type executor, Endpoint endpoint, ListenerOptions options);
  // An overload and no default argument: GCC 12 would destroy that twice in `Listener l{co_await this_coro::executor,
  // at}`.
  Listener(executor_type executor, Endpoint endpoint)
      : Listener{std::move(executor), std::move(endpoint), ListenerOptions{}} {}
  template <class Context>
  requires std::convertible_to<Context&, boost::asio::execution_context&> Listener(Context& context, Endpoint endpoint,
                                                                                   ListenerOptions options = {})
      : Listener{executor_type{context.get_executor()}, std::move(endpoint), std::move(options)} {}

  Listener(Listener&&) noexcept = default;
  /// Closes what was there.
  Listener& operator=(Listener&&) noexcept;
  /// As close().
  ~Listener();

  /// Where it accepts, and its connections do their I/O.
  [[nodiscard]] executor_type get_executor() const;

  /// The next connection. Lack of descriptors or memory is waited out and told to the log hook. Error::closed after
  /// close(). Cancelled or timed out, it has taken no connection. Completes with (error_code, Connection), the
  /// Connection being empty after an error.
  [[nodiscard]] boost::asio::awaitable<Connection> accept(Deadline deadline = {});
  template <detail::TokenFor<Connection> Token>
  auto accept(Token&& token) {
    return accept(Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<Connection> Token>
  auto accept(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Connection)>(
        [](auto handler, std::shared_ptr<detail::ListenerBackend> backend, Deadline when) {
          detail::start_accept(std::move(backend), when, detail::Handler<Connection>{std::move(handler)});
        },
        token, backend_, deadline);
  }

  /// Where it listens: with the port really bound.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;

  /// Accepted connections that are still open.
  [[nodiscard]] std::size_t connection_count() const noexcept;

  /// A snapshot; also after close().
  [[nodiscard]] ListenerStats stats() const;

  /// Stops listening: pending accepts complete with operation_aborted, the address is free. Accepted connections go on;
  /// those that nobody has accepted are dropped.
  void close();

 private:
  std::shared_ptr<detail::ListenerBackend> backend_;
};

}  // namespace parley
