// rpc::blocking::Server: answers requests, for programs without an event loop.
//
//   parley::rpc::Routes routes;
//   routes.on("sum", [](Sum s) { return s.a + s.b; });
//   parley::rpc::blocking::Server server{std::move(routes)};
//   parley::Endpoint at = server.bind("tcp://127.0.0.1:0");             // the endpoint really bound
//   int t = server.to("panel-7").request<int>("temperature", room);     // asks one of its clients
//   server.stop(5s);
//
// It serves from bind() to stop(), in a thread of its own: nothing has to be called meanwhile. Handlers run in that
// thread, one at a time. One that takes its time, or waits for something, runs on a pool (Routes::on_pool) instead, of
// which several run at the same time, or is a coroutine.
//
// Operations have the names, options, limits and errors of rpc::Server (rpc/server.hpp). Their two forms, deadlines,
// threads, signals and fork() are as with rpc::blocking::Client (blocking/rpc_client.hpp).
#pragma once

#include <parley/blocking/rpc_requester.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/options.hpp>
#include <parley/rpc/routes.hpp>
#include <parley/rpc/server.hpp>
#include <parley/time.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::rpc::blocking {

/// See the top of this header. A handle that can be moved; one that was moved from may only be assigned to and
/// destroyed.
class PARLEY_EXPORT Server {
 public:
  /// What the forms that do not throw give.
  using error_code = boost::system::error_code;

  /// Throws std::invalid_argument for options that make no sense, std::system_error when there is no thread to be had.
  explicit Server(Routes routes, ServerOptions options = {});
  Server(Server&&) noexcept = default;
  /// Ends what was there as the destructor does.
  Server& operator=(Server&& other) noexcept;
  /// As stop() with a deadline of limits::linger (1 s). Then ends the thread.
  ~Server();

  /// Takes clients there from then on; gives what was really bound, with the port. Errors as of rpc::Server::bind().
  Endpoint bind(const Endpoint& endpoint, const EndpointOptions& options = {});
  Endpoint bind(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec);
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

  /// As rpc::Server::next_event().
  [[nodiscard]] Event next_event(Deadline deadline = {});
  [[nodiscard]] Event next_event(Deadline deadline, error_code& ec);
  /// What there is to be told of already, or nothing.
  [[nodiscard]] std::optional<Event> try_next_event();

  /// Also after stop().
  [[nodiscard]] Stats stats() const;
  /// The sentence of the last operation that failed, in whichever thread; empty when none has.
  [[nodiscard]] std::string last_error() const;

  /// As rpc::Server::stop(). Afterwards the same report again.
  CloseReport stop(Deadline deadline);

  /// As Client::notify_fork(). In the process that does not go on with the server, destroying it leaves its clients and
  /// its address to the other.
  void notify_fork(boost::asio::execution_context::fork_event event);

 private:
  std::shared_ptr<detail::Engine> engine_;  // before what lives there
  std::shared_ptr<rpc::detail::ServerState> state_;
};

}  // namespace parley::rpc::blocking
