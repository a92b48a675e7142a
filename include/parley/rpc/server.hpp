// Server: takes clients at any number of endpoints, answers what they ask, and asks them.
//
//   parley::rpc::Routes routes;
//   routes.on("sum", [](Sum s) { return s.a + s.b; });
//   parley::rpc::Server server{executor, std::move(routes)};
//   parley::Endpoint at = co_await server.bind("tcp://127.0.0.1:0");    // the endpoint really bound
//   co_await server.to("panel-7").request<int>("temperature", room);    // asks one of its clients
//
// A client that comes again with the same id is the same client: handlers that run for it answer on its new connection.
// The older one of two connections with the same id is closed.
//
// Thread rule: every member may be called from any thread at any time, but moving and destroying. Destroying it
// completes what is pending with asio::error::operation_aborted; what is queued is still written, for limits::linger (a
// second) at most.
#pragma once

#include <parley/rpc/client.hpp>

#include <vector>

namespace parley::rpc {

namespace detail {

class ServerState;

PARLEY_EXPORT void start_bind(std::shared_ptr<ServerState>, Endpoint, EndpointOptions,
                              parley::detail::Handler<Endpoint>);

}  // namespace detail

/// A client of a server, as it is at this moment.
struct ClientInfo {
  PeerInfo peer;                       ///< who it is
  bool is_connected = false;           ///< whether it is here
  std::uint64_t calls_waiting = 0;     ///< requests to it without an answer
  std::uint64_t handlers_running = 0;  ///< for it, those included that wait for their turn
};

/// See the top of this header.
class PARLEY_EXPORT Server {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Throws std::invalid_argument for options that make no sense. (No default argument, as for a Client.)
  Server(executor_type executor, Routes routes);
  Server(executor_type executor, Routes routes, ServerOptions options);
  Server(Server&&) noexcept = default;
  /// What was there goes as if destroyed.
  Server& operator=(Server&& other) noexcept;
  ~Server();

  /// Where its connections live, and handlers run.
  [[nodiscard]] executor_type get_executor() const;

  /// Takes clients there from then on. Completes with (error_code, Endpoint): what was really bound. The system's
  /// errors, and error::unavailable; throws std::invalid_argument, at once, for what can never be bound. A host name is
  /// looked up while the executor's thread waits.
  [[nodiscard]] boost::asio::awaitable<Endpoint> bind(Endpoint endpoint, EndpointOptions options = {});
  template <detail::RequestTokenFor<Endpoint> Token>
  auto bind(Endpoint endpoint, EndpointOptions options, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Endpoint)>(
        [](auto handler, std::shared_ptr<detail::ServerState> state, Endpoint at, EndpointOptions how) {
          detail::start_bind(std::move(state), std::move(at), std::move(how),
                             parley::detail::Handler<Endpoint>{std::move(handler)});
        },
        token, state_, std::move(endpoint), std::move(options));
  }
  /// Takes no more clients there; those that came stay. `endpoint` as bind() returned it. False: it was not bound.
  bool unbind(const Endpoint& endpoint);

  /// Answers these too from now on. Throws std::invalid_argument where both have a handler; then nothing has changed.
  void add(Routes routes);

  /// Asks this client; any that is connected, each in its turn; all that are connected.
  [[nodiscard]] Requester to(std::string client_id) const;
  [[nodiscard]] Requester to_any() const;
  [[nodiscard]] Broadcast to_all() const;

  /// Those there are, connected or not, in the order of their ids.
  [[nodiscard]] std::vector<ClientInfo> clients() const;
  /// Ends the connection with this client at once; it may come back. False: it is not connected.
  bool cut_off(const std::string& client_id);

  /// As Client::next_event().
  [[nodiscard]] boost::asio::awaitable<Event> next_event(Deadline deadline = {});
  template <detail::RequestTokenFor<Event> Token>
  auto next_event(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Event)>(
        [](auto handler, std::shared_ptr<detail::Node> node, Deadline when) {
          detail::start_event(std::move(node), when, parley::detail::Handler<Event>{std::move(handler)});
        },
        token, node(), deadline);
  }

  /// Also after stop().
  [[nodiscard]] Stats stats() const;
  /// The sentence of the last operation that failed; empty when none has.
  [[nodiscard]] std::string last_error() const;

  /// Takes no more clients and no further requests, lets handlers return, writes their answers, and leaves. At the
  /// deadline the rest is given up: handlers are cancelled. Never fails: completes with (error_code, CloseReport), the
  /// error_code being none.
  [[nodiscard]] boost::asio::awaitable<CloseReport> stop(Deadline deadline);
  template <detail::RequestTokenFor<CloseReport> Token>
  auto stop(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, CloseReport)>(
        [](auto handler, std::shared_ptr<detail::Node> state, Deadline when) {
          detail::start_close(std::move(state), when, parley::detail::Handler<CloseReport>{std::move(handler)});
        },
        token, node(), deadline);
  }

 private:
  [[nodiscard]] std::shared_ptr<detail::Node> node() const;

  std::shared_ptr<detail::ServerState> state_;
};

}  // namespace parley::rpc
