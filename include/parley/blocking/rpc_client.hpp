// rpc::blocking::Client: requests for programs without an event loop.
//
//   parley::rpc::blocking::Client client;
//   client.connect("tcp://127.0.0.1:7500", 5s);
//   int n = client.request<int>("sum", sum);
//   client.notify("log", "done");
//
// It has a thread of its own, which keeps it connected, and in which the handlers of its Routes run, one at a time; to
// hold nobody up, a handler that takes time runs on a pool (Routes::on_pool), or is a coroutine.
//
// Operations have the names, options, limits and errors of rpc::Client (rpc/client.hpp), and come in two forms. Without
// an error_code they throw parley::Error, requests RequestError, with a full sentence; with one (last) they set or
// clear it, and last_error() has the sentence. Misuse is std::invalid_argument in both. What waits takes a Deadline,
// `{}` being never, and ends with error::timed_out when it passes; requests have theirs in RequestOptions.
//
// Thread rule: every member may be called from any thread at any time, also while other threads wait in one: any number
// of threads may ask at the same time. What waits may not be called in the client's own thread, as by its handlers:
// that is std::invalid_argument. close() ends the waits of others once their answers have come, or at its deadline.
// Moving, assigning and destroying must not overlap with any call, and not be done by handlers: close() first, then
// join the threads.
//
// The program's own functions (handlers, backoff) and the log hook are called in the client's thread, which takes no
// signals that are sent to the process. An exception that leaves one of those functions, but for handlers, ends the
// program. A signal does not end a wait. fork(): see notify_fork().
#pragma once

#include <parley/blocking/rpc_requester.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/rpc/client.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/options.hpp>
#include <parley/rpc/routes.hpp>
#include <parley/time.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>

namespace parley::rpc::blocking {

/// See the top of this header. A handle that can be moved; one that was moved from may only be assigned to and
/// destroyed.
class PARLEY_EXPORT Client : public Requester {
 public:
  /// Throws std::invalid_argument for a client id that is not UTF-8, or is longer than a greeting may be, and
  /// std::system_error when there is no thread to be had.
  explicit Client(ClientOptions options = {});
  /// The same, and answers what the server asks.
  explicit Client(Routes routes, ClientOptions options = {});
  Client(Client&&) noexcept = default;
  /// Ends what was there as the destructor does.
  Client& operator=(Client&& other) noexcept;
  /// As close() with a deadline of limits::linger (1 s). Then ends the thread; a host name that is just being looked up
  /// is waited for.
  ~Client();

  /// Who it is to servers.
  [[nodiscard]] const std::string& client_id() const noexcept;

  /// As rpc::Client::dial(): returns at once.
  void dial(const Endpoint& endpoint, const EndpointOptions& options = {});
  void dial(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec);
  /// As rpc::Client::connect(): returns when it is connected.
  void connect(const Endpoint& endpoint, Deadline deadline = {});
  void connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline = {});
  void connect(const Endpoint& endpoint, const EndpointOptions& options, Deadline deadline, error_code& ec);
  /// Dials no more, and ends the connection in order. Requests that wait go on waiting.
  void disconnect();
  /// Whether both sides have greeted, and neither has left.
  [[nodiscard]] bool is_connected() const;

  /// Answers these too from now on. Throws std::invalid_argument where both have a handler; then nothing has changed.
  void add(Routes routes);

  /// As rpc::Client::next_event().
  [[nodiscard]] Event next_event(Deadline deadline = {});
  [[nodiscard]] Event next_event(Deadline deadline, error_code& ec);
  /// What there is to be told of already, or nothing.
  [[nodiscard]] std::optional<Event> try_next_event();

  /// Also after close().
  [[nodiscard]] Stats stats() const;
  /// The sentence of the last operation that failed, in whichever thread; empty when none has.
  [[nodiscard]] std::string last_error() const;

  /// As rpc::Client::close(). Afterwards the same report again.
  CloseReport close(Deadline deadline);

  /// For a fork() whose child goes on without exec: to be called with fork_prepare before, with no thread in a call,
  /// and then with fork_parent or fork_child in the one process that goes on with the client. From fork_prepare on the
  /// client has no thread, until the second call makes it one. In the other process it may only be destroyed, which
  /// leaves its connection to the one that goes on.
  void notify_fork(boost::asio::execution_context::fork_event event);

 private:
  struct Made;
  explicit Client(const Made& made);

  std::shared_ptr<detail::Engine> engine_;  // before what lives there
  std::shared_ptr<rpc::detail::ClientState> state_;
};

}  // namespace parley::rpc::blocking
