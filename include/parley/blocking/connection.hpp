// blocking::Connection: a Connection for programs without an event loop.
//
//   parley::blocking::Connection c{"tcp://127.0.0.1:8888"};
//   c.send("hello");
//   while (std::optional<parley::Message> m = c.next()) use(*m);
//
// It has no thread of its own: whoever calls does the work, and nothing happens between calls. So a send returns when
// its bytes are in the system's hands, nothing is read ahead of the program for longer than a call lasts, and a peer
// that sends more than is received is held back by the transport. An exchange costs what it costs with blocking
// sockets.
//
// Operations have the names, options, limits and errors of parley::Connection, and come in two forms. Without an
// error_code they throw parley::Error with a full sentence; with one (last) they set or clear it, and last_error() has
// the sentence. What waits takes a Deadline, `{}` being never, and ends with error::timed_out when it passes; one that
// has passed already makes an operation do what can be done at once. A receive that timed out has taken no message. A
// send that timed out has queued its message, which goes out with the calls that follow: flush(), not send(), goes on
// with it. Only when earlier ones had filled the queue to its high-water mark it has not, and the sentence says "send",
// not "flush", timed out.
//
// Thread rule: every member may be called from any thread at any time, also while other threads wait in one (one thread
// in receive, another in send). Of several that receive, each gets messages of its own; of several that send, each
// sends whole messages. close() and abort() end the waits of others with asio::error::operation_aborted. Moving,
// assigning and destroying must not overlap with any call: close() first, then join the threads.
//
// A signal does not end a wait. fork(): see notify_fork().
#pragma once

#include <parley/connection/connect.hpp>
#include <parley/connection/connection.hpp>
#include <parley/detail/export.hpp>
#include <parley/transport/peer_credentials.hpp>
#include <parley/transport/tls_info.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::blocking {

namespace detail {
class Loop;
}

/// Whole messages, both ways, to one peer, by calls that block. A handle that can be moved; one that is empty or was
/// moved from may only be assigned to, tested and destroyed.
class PARLEY_EXPORT Connection {
 public:
  /// What the forms that do not throw give.
  using error_code = boost::system::error_code;

  /// Connects, with parley::connect's errors and default deadline (ConnectOptions::deadline).
  explicit Connection(Endpoint endpoint, ConnectOptions options = {});
  /// The same without throwing Error; empty after an error.
  Connection(Endpoint endpoint, ConnectOptions options, error_code& ec);
  /// Over a stream, which `open` makes on the executor that it is given: adopt a socket there (transport/adapter.hpp).
  /// Errors as of parley::Connection's constructor, and what `open` throws.
  explicit Connection(const std::function<transport::Stream(boost::asio::any_io_executor)>& open,
                      ConnectionOptions options = {});

  Connection(Connection&&) noexcept = default;
  /// Closes what was there as the destructor does.
  Connection& operator=(Connection&& other) noexcept;
  /// Closes in order within ConnectionOptions::linger, as close() does: what was posted is still written.
  ~Connection();

  /// Empty: as a moved-from one, of which nothing but this and assignment may be used.
  Connection() noexcept;
  /// Whether it is not empty.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message. error::closed at a clean end.
  [[nodiscard]] Message receive(Deadline deadline = {});
  [[nodiscard]] Message receive(Deadline deadline, error_code& ec);

  /// The next message, or nothing at a clean end; every other ending is an error.
  [[nodiscard]] std::optional<Message> next(Deadline deadline = {});
  [[nodiscard]] std::optional<Message> next(Deadline deadline, error_code& ec);

  /// Waits for at least one message and gives up to `count_max` of those there are. Throws std::invalid_argument for 0.
  [[nodiscard]] std::vector<Message> receive_batch(std::size_t count_max, Deadline deadline = {});
  [[nodiscard]] std::vector<Message> receive_batch(std::size_t count_max, Deadline deadline, error_code& ec);

  /// A message that has arrived already, or nothing; at an ending also nothing, and end_of_receiving() says which.
  /// While another thread waits it is that thread which reads, at its own time.
  [[nodiscard]] std::optional<Message> try_receive();

  /// As parley::Connection::end_of_receiving and parley::Connection::partial.
  [[nodiscard]] error_code end_of_receiving() const;
  [[nodiscard]] Message partial() const;

  // --- sending ------------------------------------------------------------------------------------------------------

  /// Sends the message and all queued before it; returns when the system has taken their last byte.
  void send(Message message, Deadline deadline = {});
  void send(Message message, Deadline deadline, error_code& ec);

  /// Queues the message if there is room and nothing waits before it, error::full otherwise, and writes what the system
  /// takes at once; the rest goes out with the calls that follow. Never waits.
  error_code try_send(Message message);

  /// Queues the message, to be written together with others by the next call that waits, or when a good deal has
  /// gathered. error::full beyond the hard limit.
  void post(Message message);
  void post(Message message, error_code& ec);

  /// Returns when everything queued has been written; whether the peer is still there is another matter.
  void flush(Deadline deadline = {});
  void flush(Deadline deadline, error_code& ec);

  /// As parley::Connection::end_sending. The end goes out at once, or behind what is still queued.
  void end_sending();

  // --- ending -------------------------------------------------------------------------------------------------------

  /// As parley::Connection::close; without a deadline within ConnectionOptions::linger. Never fails.
  CloseReport close();
  CloseReport close(Deadline deadline);
  /// Closes at once; what was queued is dropped, and counted in the report.
  CloseReport abort();

  // --- looking ------------------------------------------------------------------------------------------------------

  /// Where the two ends are; valid as long as the handle.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept;
  /// Who the peer has proved to be by TLS, and what was agreed on, also after a close; null where there is no TLS.
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const noexcept;
  /// Who is at the other end of a Unix socket, also after it was closed; nothing on other transports.
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept;
  /// As parley::Connection::stats.
  [[nodiscard]] ConnectionStats stats() const;
  /// The sentence of the last error of this connection, in whichever thread; empty when there was none.
  [[nodiscard]] std::string last_error() const;
  /// As parley::Connection::reframe.
  void reframe(Framing framing);

  /// To be called with fork_prepare before, and fork_parent or fork_child after a fork() whose child goes on without
  /// exec, with no thread in a call meanwhile; once for a listener and all the connections it has accepted, and once
  /// for each other connection. From then on one of the two processes uses the connection, and the other gives it up by
  /// abort(), since destroying and close() would end it for both.
  void notify_fork(boost::asio::execution_context::fork_event event);

 private:
  friend class Listener;
  Connection(std::shared_ptr<detail::Loop> loop, parley::Connection connection);

  [[nodiscard]] Message wait_for_message(Deadline deadline, error_code& ec);
  void enqueue(Message& message, Deadline deadline, error_code& ec);

  std::shared_ptr<detail::Loop> loop_;  // before what lives on it
  std::shared_ptr<parley::detail::ConnectionState> state_;
};

}  // namespace parley::blocking
