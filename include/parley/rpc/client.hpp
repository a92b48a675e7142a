// Client: connects, and stays connected. Once it is, both sides are the same: either asks, either answers.
//
//   parley::rpc::Client client{executor};
//   co_await client.connect("tcp://127.0.0.1:7500");
//   int n = co_await client.request<int>("sum", sum);
//   co_await client.notify("log", "done");
//
// It speaks communica (docs/protocols/communica.md), so Python programs are at the other end as well. When the
// connection is lost it dials again; what becomes of the requests that waits for answers each of them says
// (RequestOptions::when_lost). Requests made meanwhile wait.
//
// Operations have the two forms that a Connection's have: without a token they return an awaitable and throw; with a
// token (last) they complete with an error_code, and last_error() has the sentence.
//
// Thread rule: every member may be called from any thread at any time, but moving and destroying. Destroying it
// completes what is pending with asio::error::operation_aborted; what is queued is still written, for limits::linger (a
// second) at most.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/options.hpp>
#include <parley/rpc/requester.hpp>
#include <parley/rpc/routes.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

namespace parley::rpc {

namespace detail {

class ClientState;

PARLEY_EXPORT void start_connect(std::shared_ptr<ClientState>, Endpoint, EndpointOptions, Deadline,
                                 parley::detail::Handler<>);
PARLEY_EXPORT void start_event(std::shared_ptr<Node>, Deadline, parley::detail::Handler<Event>);
PARLEY_EXPORT void start_close(std::shared_ptr<Node>, Deadline, parley::detail::Handler<CloseReport>);

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Client : public Requester {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Throws std::invalid_argument for a client id that is not UTF-8, or is longer than a greeting may be, and for
  /// options that make no sense. (No default arguments: `Client client{co_await asio::this_coro::executor}` would have
  /// GCC 12 destroy them twice.)
  explicit Client(executor_type executor);
  Client(executor_type executor, ClientOptions options);
  /// The same, and answers what the server asks.
  Client(executor_type executor, Routes routes);
  Client(executor_type executor, Routes routes, ClientOptions options);
  Client(Client&&) noexcept = default;
  /// What was there goes as if destroyed.
  Client& operator=(Client&& other) noexcept;
  ~Client();

  /// Where its connection lives, and handlers run.
  [[nodiscard]] executor_type get_executor() const;
  /// Who it is to servers.
  [[nodiscard]] const std::string& client_id() const noexcept;

  /// Dials until it is connected, and again whenever the connection is lost. Returns at once: requests wait. Throws
  /// std::invalid_argument for an endpoint that can never be dialled, Error with error::closed after close(). One that
  /// is dialled already is left for this.
  void dial(const Endpoint& endpoint, const EndpointOptions& options = {});
  /// The same, and completes, with (error_code), when it is connected. Errors: timed_out, refused_by_peer, closed,
  /// operation_aborted; then it dials no more.
  [[nodiscard]] boost::asio::awaitable<void> connect(Endpoint endpoint, Deadline deadline = {});
  [[nodiscard]] boost::asio::awaitable<void> connect(Endpoint endpoint, EndpointOptions options,
                                                     Deadline deadline = {});
  template <detail::RequestTokenFor<> Token>
  auto connect(Endpoint endpoint, EndpointOptions options, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::ClientState> state, Endpoint to, EndpointOptions how, Deadline when) {
          detail::start_connect(std::move(state), std::move(to), std::move(how), when,
                                parley::detail::Handler<>{std::move(handler)});
        },
        token, state_, std::move(endpoint), std::move(options), deadline);
  }
  /// Dials no more, and ends the connection in order. Requests that wait go on waiting.
  void disconnect();
  /// Whether both sides have greeted, and neither has left.
  [[nodiscard]] bool is_connected() const;

  /// Answers these too from now on. Throws std::invalid_argument where both have a handler; then nothing has changed.
  void add(Routes routes);

  /// The next thing to be told of. At most 4096 wait, with 16 MiB of texts; then the oldest are dropped, and counted in
  /// stats(). Completes with (error_code, Event). Errors: timed_out, operation_aborted, and closed when all has been
  /// told.
  [[nodiscard]] boost::asio::awaitable<Event> next_event(Deadline deadline = {});
  template <detail::RequestTokenFor<Event> Token>
  auto next_event(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Event)>(
        [](auto handler, std::shared_ptr<detail::Node> node, Deadline when) {
          detail::start_event(std::move(node), when, parley::detail::Handler<Event>{std::move(handler)});
        },
        token, target().node, deadline);
  }

  /// Also after close().
  [[nodiscard]] Stats stats() const;
  /// The sentence of the last operation that failed; empty when none has.
  [[nodiscard]] std::string last_error() const;

  /// Takes no further requests, lets those that wait have their answers and handlers return, writes what is queued, and
  /// leaves. At the deadline the rest is given up: requests end with asio::error::operation_aborted, handlers are
  /// cancelled. Never fails: completes with (error_code, CloseReport), the error_code being none.
  [[nodiscard]] boost::asio::awaitable<CloseReport> close(Deadline deadline);
  template <detail::RequestTokenFor<CloseReport> Token>
  auto close(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, CloseReport)>(
        [](auto handler, std::shared_ptr<detail::Node> node, Deadline when) {
          detail::start_close(std::move(node), when, parley::detail::Handler<CloseReport>{std::move(handler)});
        },
        token, target().node, deadline);
  }

 private:
  explicit Client(std::shared_ptr<detail::ClientState> state);

  std::shared_ptr<detail::ClientState> state_;
};

}  // namespace parley::rpc
