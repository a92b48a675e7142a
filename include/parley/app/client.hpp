// Client: handlers for the one peer that it dials.
//
//   parley::app::Client client{executor, {.framing = parley::Separator{"\n"}, .reconnects = true}};
//   client.on_message([](std::string line) { std::cout << line << '\n'; });
//   client.dial("tcp://127.0.0.1:8888");
//   co_await client.connected(std::chrono::seconds{10});
//   co_await client.send("hello");
//
// What can be hung on it, and how handlers run, is in handlers.hpp: the same as on a Server, for the server it is
// connected to. Each connection is a new Peer: on_connect and on_disconnect are called for each.
//
// Thread rule: as Server's; dial() starts it.
#pragma once

#include <parley/app/handlers.hpp>
#include <parley/app/options.hpp>
#include <parley/app/peer.hpp>
#include <parley/app/server.hpp>
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
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace parley::app {

namespace detail {

class ClientState;

PARLEY_EXPORT void start_connected(std::shared_ptr<ClientState>, Deadline, parley::detail::Handler<>);

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Client : public Handlers {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// With an event loop of its own, for run(). Throws std::invalid_argument for options that make no sense.
  Client();
  explicit Client(ClientOptions options);
  /// On that executor.
  explicit Client(executor_type executor);
  Client(executor_type executor, ClientOptions options);
  template <class Context>
  requires std::convertible_to<Context&, boost::asio::execution_context&>
  explicit Client(Context& context, ClientOptions options = {})
      : Client{executor_type{context.get_executor()}, std::move(options)} {}
  Client(Client&&) noexcept = default;
  /// What was there goes as if destroyed.
  Client& operator=(Client&& other) noexcept;
  ~Client();

  /// Begins to connect, and returns at once. Throws std::invalid_argument for an endpoint that can never be dialled,
  /// and where handlers and declared kinds do not fit; std::logic_error while it dials or is connected already. What
  /// fails is told to the log hook and to connected(); with `reconnects` it dials again, and whenever the connection is
  /// lost.
  void dial(const Endpoint& endpoint, const TransportOptions& transport = {});
  /// Completes, with (error_code), when it is connected, which it may be already. Errors: what the attempt failed with,
  /// unless it `reconnects`; timed_out; error::disconnected where it does not dial; operation_aborted.
  [[nodiscard]] boost::asio::awaitable<void> connected(Deadline deadline = {});
  template <detail::TokenFor<> Token>
  auto connected(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::ClientState> state, Deadline when) {
          detail::start_connected(std::move(state), when, parley::detail::Handler<>{std::move(handler)});
        },
        token, state_, deadline);
  }
  /// dial() and connected().
  [[nodiscard]] boost::asio::awaitable<void> connect(Endpoint endpoint, Deadline deadline = {});
  /// Dials no more, and closes the connection in order, as Peer::disconnect() does.
  void disconnect();

  /// Runs a client with a loop of its own, until it is neither connected nor dialling, stop() is done, or SIGINT or
  /// SIGTERM comes, as Server::run(). Throws std::logic_error on a client that was given an executor.
  void run();
  /// Disconnects and ends, as Server::stop().
  [[nodiscard]] boost::asio::awaitable<StopReport> stop(Deadline deadline);
  template <detail::TokenFor<StopReport> Token>
  auto stop(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, StopReport)>(
        [](auto handler, std::shared_ptr<detail::Hub> hub, Deadline when) {
          detail::start_stop(std::move(hub), when, parley::detail::Handler<StopReport>{std::move(handler)});
        },
        token, hub(), deadline);
  }
  /// As Server::request_stop().
  void request_stop(Deadline deadline);

  /// The server it is connected to; nothing while it is not.
  [[nodiscard]] std::optional<Peer> peer() const;
  /// Peer::send to it. error::disconnected while there is none: connected() waits. Completes with (error_code).
  [[nodiscard]] boost::asio::awaitable<void> send(Message message, Deadline deadline = {});
  template <detail::TokenFor<> Token>
  auto send(Message message, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::Hub> hub, Message body, Deadline when) {
          start_send(hub, std::move(body), when, parley::detail::Handler<>{std::move(handler)});
        },
        token, hub(), std::move(message), deadline);
  }
  /// Peer::try_send and Peer::post to it; error::disconnected while there is none.
  boost::system::error_code try_send(Message message);
  boost::system::error_code post(Message message);
  /// The sentence of what failed last: connecting, or a send; empty when nothing has.
  [[nodiscard]] std::string last_error() const;

  /// Where its connection lives, and handlers run.
  [[nodiscard]] executor_type get_executor() const;
  /// Also after stop().
  [[nodiscard]] Stats stats() const;

 private:
  [[nodiscard]] std::shared_ptr<detail::Hub> hub() const;
  static void start_send(const std::shared_ptr<detail::Hub>& hub, Message message, Deadline deadline,
                         parley::detail::Handler<> handler);

  explicit Client(std::shared_ptr<detail::ClientState> state);

  std::shared_ptr<detail::ClientState> state_;
};

}  // namespace parley::app
