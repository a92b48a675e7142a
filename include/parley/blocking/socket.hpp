// blocking::Socket: the smart socket for programs without an event loop.
//
//   parley::blocking::Socket socket;
//   socket.connect("tcp://127.0.0.1:25000");
//   socket.send("hello");
//   parley::Received r = socket.receive(5s);
//   socket.send_to(r.sender, "only you");
//
// Unlike blocking::Connection it has a thread of its own, one for each Socket: peers have to be let in, dialled again,
// sent heartbeats and acknowledgements also while the program does something else. That thread does the reading and
// writing. It costs its stack (what of it is touched, some tens of kilobytes) and two or three descriptors, and a
// message that somebody waits for costs a switch between threads. For many sockets, or thousands of messages a second
// that are each waited for, take an event loop and parley::Socket.
//
// Operations have the names, options, limits and errors of parley::Socket (socket/socket.hpp), and come in two forms.
// Without an error_code they throw parley::Error with a full sentence; with one (last) they set or clear it, and
// last_error() has the sentence. Misuse is std::invalid_argument in both. What waits takes a Deadline, `{}` being never
// (SendOptions have it for sends), and ends with error::timed_out when it passes; one that has passed makes an
// operation do what can be done at once. A receive that timed out has taken no message, a send none into its queue.
//
// send() returns when the message is in the queue for a peer, or kept for the next that comes, not when it is on the
// wire: the thread sees to that. close() tells what of it has not arrived.
//
// Thread rule: every member may be called from any thread at any time, also while other threads wait in one; of several
// that receive, each gets messages of its own. close() ends the waits of others with asio::error::operation_aborted.
// Moving, assigning and destroying must not overlap with any call: close() first, then join the threads.
//
// The program's own functions among the options (accept_peer, backoff) and the log hook are called in the socket's
// thread. They must not call the socket, and an exception that leaves one ends the program.
//
// Signals: the socket's thread takes none that are sent to the process, so handlers of the program run in the program's
// threads, as if the socket had no thread. A signal does not end a wait.
//
// fork(): fork and exec needs nothing. In a child that goes on without exec the thread does not exist: there the socket
// may only be destroyed, which leaves its connections to the parent, unless both were told: see notify_fork(). Best is
// to fork before there are sockets.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/policy/socket_event.hpp>
#include <parley/policy/socket_options.hpp>
#include <parley/socket/options.hpp>
#include <parley/socket/received.hpp>
#include <parley/socket/received_value.hpp>
#include <parley/socket/socket.hpp>
#include <parley/time.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::blocking {

namespace detail {
class PrivateThread;
}

/// One object, many peers, by calls that block. See the top of this header. A handle that can be moved; one that was
/// moved from may only be assigned to and destroyed.
class PARLEY_EXPORT Socket {
 public:
  /// What the forms that do not throw give.
  using error_code = boost::system::error_code;

  /// Throws std::invalid_argument for options that contradict each other, std::system_error when there is no thread to
  /// be had.
  explicit Socket(SocketOptions options = {});
  Socket(Socket&&) noexcept = default;
  /// Ends what was there as the destructor does.
  Socket& operator=(Socket&& other) noexcept;
  /// As close() with a deadline of limits::linger (1 s): what was sent is still written, if a peer takes it by then.
  /// Then ends the thread; a host name that is just being looked up is waited for.
  ~Socket();

  /// Who this socket is to its peers.
  [[nodiscard]] const Identity& identity() const noexcept;

  // --- endpoints ----------------------------------------------------------------------------------------------------

  /// Takes peers there from then on; gives what was really bound, with the port.
  Endpoint bind(const Endpoint& endpoint, const EndpointOptions& options = {});
  Endpoint bind(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec);
  /// Takes no more peers there; those that came stay. `endpoint` as bind() returned it. False: it was not bound.
  bool unbind(const Endpoint& endpoint);

  /// Dials, and dials again whenever that fails or the connection is lost, until disconnect() or close(). Returns at
  /// once. error::closed after close().
  void connect(const Endpoint& endpoint, const EndpointOptions& options = {});
  void connect(const Endpoint& endpoint, const EndpointOptions& options, error_code& ec);
  /// Dials it no more, and ends the connection behind what is queued. Where nothing of that moves for a second, the
  /// rest is dropped, and told as an event; what is sent at least once is sent again instead. False: it was not
  /// dialled.
  bool disconnect(const Endpoint& endpoint);

  /// Ends the connection with this peer at once, as if it had been lost. False: there is no such peer.
  bool cut_off(const Identity& peer);

  /// Returns when there are at least `count` peers. Errors: timed_out, closed, operation_aborted.
  void wait_for_peers(std::size_t count, Deadline deadline = {});
  void wait_for_peers(std::size_t count, Deadline deadline, error_code& ec);

  // --- sending ------------------------------------------------------------------------------------------------------

  /// By the socket's mode: to the next peer, or to all. Waits while the rule for full queues says so.
  void send(Message message, const SendOptions& options = {});
  void send(Message message, const SendOptions& options, error_code& ec);

  /// To one peer, whatever the mode. Also error::unknown_peer.
  void send_to(const Identity& to, Message message, const SendOptions& options = {});
  void send_to(const Identity& to, Message message, const SendOptions& options, error_code& ec);

  /// As send, and returns when the peer has acknowledged the message. Also error::unacknowledged. When it timed out,
  /// the message is still delivered if it had been queued. Throws std::invalid_argument unless the socket's delivery is
  /// at_least_once.
  void send_confirmed(Message message, const SendOptions& options = {});
  void send_confirmed(Message message, const SendOptions& options, error_code& ec);

  /// Never wait, and never throw for what a peer or a limit does; error::full where send would wait.
  error_code try_send(Message message, const SendOptions& options = {});
  error_code try_send_to(const Identity& to, Message message, const SendOptions& options = {});

  /// A value, encoded by `codec`. Throws what encoding throws, in both forms.
  template <class Value, Codec C>
  void send(const Value& value, const C& codec, const SendOptions& options = {}) {
    send(codec.encode(value), options);
  }
  template <class Value, Codec C>
  void send(const Value& value, const C& codec, const SendOptions& options, error_code& ec) {
    send(codec.encode(value), options, ec);
  }
  template <class Value, Codec C>
  void send_to(const Identity& to, const Value& value, const C& codec, const SendOptions& options = {}) {
    send_to(to, codec.encode(value), options);
  }
  template <class Value, Codec C>
  void send_to(const Identity& to, const Value& value, const C& codec, const SendOptions& options, error_code& ec) {
    send_to(to, codec.encode(value), options, ec);
  }
  template <class Value, Codec C>
  void send_confirmed(const Value& value, const C& codec, const SendOptions& options = {}) {
    send_confirmed(codec.encode(value), options);
  }
  template <class Value, Codec C>
  void send_confirmed(const Value& value, const C& codec, const SendOptions& options, error_code& ec) {
    send_confirmed(codec.encode(value), options, ec);
  }

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message from any peer; from one peer they come in order, and no peer can keep the others out.
  /// error::closed after close(), when those that had arrived have been taken.
  [[nodiscard]] Received receive(Deadline deadline = {});
  [[nodiscard]] Received receive(Deadline deadline, error_code& ec);

  /// The next message, decoded by `codec`. Also error::payload_rejected, with the sender in the sentence: it was not a
  /// T. That message is gone, and where the application acknowledges, it has not been; the next receive takes the next.
  /// The form with an error_code gives nothing then, as for other errors.
  template <class T, Codec C>
  [[nodiscard]] ReceivedValue<T> receive_as(const C& codec, Deadline deadline = {}) {
    return parley::detail::decode_received<T>(codec, receive(deadline));
  }
  template <class T, Codec C>
  [[nodiscard]] std::optional<ReceivedValue<T>> receive_as(const C& codec, Deadline deadline, error_code& ec) {
    Received received = receive(deadline, ec);
    if (ec) return std::nullopt;
    try {
      return parley::detail::decode_received<T>(codec, std::move(received));
    } catch (const Error& rejected) {
      ec = note(rejected);
      return std::nullopt;
    }
  }

  /// Waits for at least one message and gives up to `count_max` of those there are. Throws std::invalid_argument for 0.
  [[nodiscard]] std::vector<Received> receive_batch(std::size_t count_max, Deadline deadline = {});
  [[nodiscard]] std::vector<Received> receive_batch(std::size_t count_max, Deadline deadline, error_code& ec);

  /// A message that is there already, or nothing.
  [[nodiscard]] std::optional<Received> try_receive();

  // --- looking ------------------------------------------------------------------------------------------------------

  /// The next thing to be told of. At most 4096 wait, and with them at most 16 MiB of messages; then the oldest are
  /// dropped, and counted in stats(). error::closed after close(), when all have been told.
  [[nodiscard]] SocketEvent next_event(Deadline deadline = {});
  [[nodiscard]] SocketEvent next_event(Deadline deadline, error_code& ec);
  /// What there is to be told of already, or nothing; nothing while another thread waits in next_event().
  [[nodiscard]] std::optional<SocketEvent> try_next_event();

  /// Those there are, in the order in which they came; none after close().
  [[nodiscard]] std::vector<PeerInfo> peers() const;
  /// Also after close().
  [[nodiscard]] SocketStats stats() const;
  /// The sentence of the last operation that failed, in whichever thread; empty when none has.
  [[nodiscard]] std::string last_error() const;

  // --- ending -------------------------------------------------------------------------------------------------------

  /// As parley::Socket::close: ends the waits of others, writes what was accepted, gives the rest up at the deadline,
  /// and says what may be missing. Never fails. Afterwards the same report again.
  SocketCloseReport close(Deadline deadline);

  /// For a fork() whose child goes on without exec: to be called with fork_prepare before, with no thread in a call,
  /// and then with fork_parent or fork_child in the one process that goes on with the socket. From fork_prepare on the
  /// socket has no thread, until the second call makes it one. In the other process the socket may only be destroyed,
  /// which leaves its connections to the one that goes on.
  void notify_fork(boost::asio::execution_context::fork_event event);

 private:
  /// For last_error(); gives the code.
  error_code note(const Error& failure);
  void deliver(Message& message, const std::optional<Identity>& to, const SendOptions& options, error_code& ec);
  void end() noexcept;

  std::shared_ptr<detail::PrivateThread> thread_;  // before what lives on it
  std::shared_ptr<parley::detail::SocketState> state_;
};

}  // namespace parley::blocking
