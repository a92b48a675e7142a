// Server: say what the bytes look like, hang functions on events, and run.
//
//   parley::app::Server server{{.framing = parley::Separator{"\n"}}};
//   server.on_message([](std::string line) { return "server replied: " + line; });
//   server.listen("tcp://*:8888");
//   server.run();                                    // until SIGINT or SIGTERM
//
// So it is a program of its own, with as many event loops as threads() says, one thread each. Within a larger program
// it is made with that program's executor, and started:
//
//   parley::app::Server server{executor, {.framing = parley::Separator{"\n"}}};
//   …
//   server.start();
//   …
//   co_await server.stop(std::chrono::seconds{5});
//
// What can be hung on it, and how handlers run, is in handlers.hpp.
//
// Peers are dealt to the loops in turn when they are accepted, and everything of a peer happens on its loop: TLS and
// WebSocket handshakes too. Peers of one `udp://` endpoint share one socket, and so the loop that it is on, and so do
// those of one `mux+…://` endpoint: more threads do nothing for them.
//
// Thread rule: every member may be called from any thread at any time, but those of Handlers, threads(), start(),
// moving and destroying. Destroying it begins no handler any more, on_disconnect neither: stop() is for that. Handlers
// that are coroutines and run are cancelled, connections are closed, what is queued is written for `linger` at most as
// long as somebody runs the executor. It must not be destroyed by one of its handlers.
#pragma once

#include <parley/app/handlers.hpp>
#include <parley/app/options.hpp>
#include <parley/app/peer.hpp>
#include <parley/app/stats.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace parley::app {

namespace detail {

class Hub;
class ServerState;

PARLEY_EXPORT void start_stop(std::shared_ptr<Hub>, Deadline, parley::detail::Handler<StopReport>);

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Server : public Handlers {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// With event loops of its own, for run(). Throws std::invalid_argument for options that make no sense. (Overloads,
  /// and no default argument: GCC 12 would destroy that twice in a co_await expression.)
  Server();
  explicit Server(ServerOptions options);
  /// On that executor, for start().
  explicit Server(executor_type executor);
  Server(executor_type executor, ServerOptions options);
  template <class Context>
  requires std::convertible_to<Context&, boost::asio::execution_context&>
  explicit Server(Context& context, ServerOptions options = {})
      : Server{executor_type{context.get_executor()}, std::move(options)} {}
  Server(Server&&) noexcept = default;
  /// What was there goes as if destroyed.
  Server& operator=(Server&& other) noexcept;
  ~Server();

  /// Binds and listens there, at any number of endpoints of any scheme that a Listener takes; peers are accepted once
  /// it has started. The endpoint really bound. Throws Error as the Listener's constructor does; `transport` has the
  /// TLS context of a server for tls and wss.
  Endpoint listen(const Endpoint& endpoint, const TransportOptions& transport = {});

  /// How many event loops run() runs; 1 if it is never called. Throws std::invalid_argument for 0, and std::logic_error
  /// on a server that was given an executor, or has started.
  void threads(std::size_t count);

  /// Takes peers from now on. Throws std::invalid_argument where handlers and declared kinds do not fit, and
  /// std::logic_error the second time, and for a server with loops of its own, which run() starts.
  void start();
  /// Starts, and runs until stop() is done or SIGINT or SIGTERM comes: then it stops with `drain_time_max` for a
  /// deadline, and a second signal ends that at once. The calling thread is one of threads(). Looks at these two
  /// signals as long as it runs. Throws what start() throws, and what leaves handlers that the program has posted to
  /// its loops itself. Once only.
  void run();

  /// Ends in order: nobody is accepted any more; of each peer what has wholly come is handled, as if the peer had then
  /// ended its direction; handlers that run end; on_disconnect is called; what is queued is written. At the deadline
  /// coroutines are cancelled and connections cut. Never fails: completes with (error_code, StopReport), the error_code
  /// being none. May be called more than once: the earlier deadline holds. A handler that awaits it is not waited for.
  [[nodiscard]] boost::asio::awaitable<StopReport> stop(Deadline deadline);
  template <detail::TokenFor<StopReport> Token>
  auto stop(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, StopReport)>(
        [](auto handler, std::shared_ptr<detail::Hub> hub, Deadline when) {
          detail::start_stop(std::move(hub), when, parley::detail::Handler<StopReport>{std::move(handler)});
        },
        token, hub(), deadline);
  }
  /// Begins to stop so, and returns at once: for handlers that are plain functions, and other threads.
  void request_stop(Deadline deadline);

  /// Peers that are connected, in the order in which they came; those of some kinds.
  [[nodiscard]] std::vector<Peer> peers() const;
  [[nodiscard]] std::vector<Peer> peers(const Kinds& kinds) const;
  /// The peer of this id, while it is connected.
  [[nodiscard]] std::optional<Peer> find(PeerId id) const;

  /// Sends to everybody, or to those of some kinds, as Peer::post does: without waiting. For whom that fails, on_error
  /// is told. Returns for how many it was queued.
  std::size_t broadcast(const Message& message);
  std::size_t broadcast(const Kinds& kinds, const Message& message);

  /// Peer::send to this peer. error::unknown_peer where there is none. Completes with (error_code).
  [[nodiscard]] boost::asio::awaitable<void> send_to(PeerId id, Message message, Deadline deadline = {});
  template <detail::TokenFor<> Token>
  auto send_to(PeerId id, Message message, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::Hub> hub, PeerId to, Message body, Deadline when) {
          start_send_to(hub, to, std::move(body), when, parley::detail::Handler<>{std::move(handler)});
        },
        token, hub(), id, std::move(message), deadline);
  }

  /// Where it accepts, and where peers live unless it has several loops.
  [[nodiscard]] executor_type get_executor() const;
  /// Also after stop().
  [[nodiscard]] Stats stats() const;

 private:
  [[nodiscard]] std::shared_ptr<detail::Hub> hub() const;
  static void start_send_to(const std::shared_ptr<detail::Hub>& hub, PeerId id, Message message, Deadline deadline,
                            parley::detail::Handler<> handler);

  explicit Server(std::shared_ptr<detail::ServerState> state);

  std::shared_ptr<detail::ServerState> state_;
};

}  // namespace parley::app
