// Connection: whole messages, both ways, to one peer. The second of the library's two seams.
//
//   parley::Connection c = co_await parley::connect("tcp://127.0.0.1:8888");
//   co_await c.send("hello");
//   while (std::optional<parley::Message> m = co_await c.next()) use(*m);
//
// Every operation has two forms. Without a completion token it returns an awaitable, finishes without suspending when
// there is something to give or room to take, and throws parley::Error with a full sentence. With a token (last) it
// completes with an error_code and never inside the initiating call; last_error() then has the sentence.
// Awaitables are lazy: nothing happens before co_await. Those that have not begun when the handle goes end with
// asio::error::operation_aborted when they do.
//
// Everything that waits takes an optional Deadline, which ends it with error::timed_out. Use it, or per-operation
// cancellation, rather than `receive() || timer`: of two operations that are ready in the same turn, `||` throws one
// result away, and with it a message.
//
// Cancelling one operation (terminal, partial or total) leaves the connection as it was: a cancelled receive has taken
// no message, a cancelled send has queued nothing. An operation that has completed owns its result; cancelling it then
// has no effect.
//
// Thread rule: every member may be called from any thread at any time, but moving from, assigning to and destroying the
// handle must not overlap with other calls on it. Destroying it (or assigning over it) completes what is pending with
// asio::error::operation_aborted, except a close, which goes on; bytes already queued are still written for at most
// `linger`. An open Connection reads, so it keeps its context's run() from returning, also when nobody waits for
// anything.
//
// Errors common to all operations, unless a member says otherwise:
//
//   error::closed               the peer ended its direction between two messages (receiving), or close() was called
//   error::truncated            the stream ended inside a message; partial() has the bytes
//   error::message_too_large    announced by the peer (the connection is cut), or handed to send (nothing happens)
//   error::malformed            the peer broke the framing, or TLS; the connection is cut
//   error::refused_by_peer      TLS 1.3: the server did not accept this side's certificate, or the lack of one
//   error::timed_out            the deadline passed
//   asio::error::operation_aborted   cancelled, or the connection was closed or destroyed meanwhile
//   the system's                reset, broken pipe, …
// Messages received before a failure are delivered before it is reported.
//
// Over udp:// a message is a datagram: no framing, at most 65507 bytes (65527 over IPv6), and whatever is lost is lost.
// What the system reports of one that could not be delivered (asio::error::connection_refused, as a rule) ends the
// receives that wait, or the next one, and nothing else.
#pragma once

#include <parley/connection/datagram_stats.hpp>
#include <parley/connection/options.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/transport/peer_credentials.hpp>
#include <parley/transport/stream.hpp>
#include <parley/transport/tls_info.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

/// What `close` could not deliver. All zero: everything was written and acknowledged by the peer's system. On Unix
/// sockets, whose systems at both ends are one, what was written is in the peer's receive queue at once, and
/// `unconfirmed_size` is always 0; whether the peer's program takes it out of there is not known. Over a channel it is
/// what the shared stream has not taken; whether the peer's system has acknowledged the rest is not waited for. Over
/// udp it is always 0, since nobody acknowledges anything.
struct CloseReport {
  std::uint64_t unsent_count = 0;      ///< messages queued and never wholly written
  std::uint64_t unsent_size = 0;       ///< their bytes, framing included
  std::uint64_t unconfirmed_size = 0;  ///< bytes written that the peer's system had not acknowledged; may have arrived

  /// Whether everything is with the peer's system. Only an answer says that its program has seen it.
  [[nodiscard]] bool all_arrived() const noexcept { return unsent_size == 0 && unconfirmed_size == 0; }
  bool operator==(const CloseReport&) const = default;
};

/// Counters of one connection since it was made, and what is queued in it at this moment.
struct ConnectionStats {
  std::uint64_t messages_sent = 0;       ///< accepted by send, try_send and post
  std::uint64_t messages_received = 0;   ///< handed to the application
  std::uint64_t bytes_sent = 0;          ///< written to the stream, framing included
  std::uint64_t bytes_received = 0;      ///< read from the stream, framing included
  std::uint64_t writes = 0;              ///< system calls that wrote
  std::uint64_t reads = 0;               ///< system calls that read
  std::uint64_t send_queue_count = 0;    ///< messages queued now
  std::uint64_t send_queue_size = 0;     ///< bytes queued now
  std::uint64_t receive_queue_size = 0;  ///< bytes received and not yet taken
  /// udp: what was lost. Of a connection that a listener has accepted, what was lost of this peer alone; the rest is
  /// the listener's, whose socket it is.
  DatagramStats datagrams{};
};

namespace detail {

class ConnectionState;
struct ConnectionAccess;

// The compiled side of the operations below.
PARLEY_EXPORT void start_receive(std::shared_ptr<ConnectionState>, Deadline, Handler<Message>);
PARLEY_EXPORT void start_next(std::shared_ptr<ConnectionState>, Deadline, Handler<std::optional<Message>>);
PARLEY_EXPORT void start_receive_batch(std::shared_ptr<ConnectionState>, std::size_t count_max, Deadline,
                                       Handler<std::vector<Message>>);
PARLEY_EXPORT void start_send(std::shared_ptr<ConnectionState>, Message, Deadline, Handler<>);
PARLEY_EXPORT void start_flush(std::shared_ptr<ConnectionState>, Deadline, Handler<>);
PARLEY_EXPORT void start_close(std::shared_ptr<ConnectionState>, Deadline, Handler<CloseReport>);

/// A completion token, as opposed to a Deadline or a Message in the same place.
template <class T, class... Results>
concept TokenFor = !std::convertible_to<T, Deadline> &&
                   boost::asio::completion_token_for<T, void(boost::system::error_code, Results...)>;

}  // namespace detail

/// A handle on the connection to one peer: it can be moved, not copied. What holds for all operations (forms,
/// deadlines, cancellation, threads, errors) stands at the top of this header.
class PARLEY_EXPORT Connection {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// A connection over any stream; it starts reading at once. Throws std::invalid_argument when the framing cannot work
  /// on this stream (UntilEof where one direction cannot be closed alone).
  explicit Connection(transport::Stream stream, ConnectionOptions options);
  // An overload and no default argument: GCC 12 would destroy that twice in `Connection c{co_await accept_stream()}`.
  explicit Connection(transport::Stream stream) : Connection{std::move(stream), ConnectionOptions{}} {}

  Connection(Connection&&) noexcept = default;
  /// Ends what was there as the destructor does.
  Connection& operator=(Connection&& other) noexcept;
  /// Completes what is pending with asio::error::operation_aborted, and lets the connection close in order in the
  /// background, for at most `linger` and as long as somebody runs its context. Does not wait.
  ~Connection();

  /// Empty: as a moved-from one.
  Connection() noexcept = default;

  /// For the parts of the library that make connections in other ways.
  explicit Connection(std::shared_ptr<detail::ConnectionState> state) noexcept;

  /// False for an empty or moved-from handle, on which nothing else may be called.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Where the connection does its I/O; handlers without an executor of their own run there.
  [[nodiscard]] executor_type get_executor() const;

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message; completes with (error_code, Message). error::closed at a clean end, which is also what a
  /// draining server's handlers see (serve.hpp). Several may wait; they are served in order.
  [[nodiscard]] boost::asio::awaitable<Message> receive(Deadline deadline = {});
  template <detail::TokenFor<Message> Token>
  auto receive(Token&& token) {
    return receive(Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<Message> Token>
  auto receive(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Message)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, Deadline when) {
          detail::start_receive(std::move(state), when, detail::Handler<Message>{std::move(handler)});
        },
        token, state_, deadline);
  }

  /// The next message, or nothing at a clean end; every other ending is an error. Completes with (error_code,
  /// std::optional<Message>).
  [[nodiscard]] boost::asio::awaitable<std::optional<Message>> next(Deadline deadline = {});
  template <detail::TokenFor<std::optional<Message>> Token>
  auto next(Token&& token) {
    return next(Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<std::optional<Message>> Token>
  auto next(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::optional<Message>)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, Deadline when) {
          detail::start_next(std::move(state), when, detail::Handler<std::optional<Message>>{std::move(handler)});
        },
        token, state_, deadline);
  }

  /// Waits for at least one message and gives up to `count_max` of those there are. Throws std::invalid_argument for 0.
  /// Completes with (error_code, std::vector<Message>); error::closed at a clean end.
  [[nodiscard]] boost::asio::awaitable<std::vector<Message>> receive_batch(std::size_t count_max,
                                                                           Deadline deadline = {});
  template <detail::TokenFor<std::vector<Message>> Token>
  auto receive_batch(std::size_t count_max, Token&& token) {
    return receive_batch(count_max, Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<std::vector<Message>> Token>
  auto receive_batch(std::size_t count_max, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::vector<Message>)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, std::size_t count, Deadline when) {
          detail::start_receive_batch(std::move(state), count, when,
                                      detail::Handler<std::vector<Message>>{std::move(handler)});
        },
        token, state_, count_max, deadline);
  }

  /// A message that is already there, or nothing; at an ending also nothing, and end_of_receiving() says which.
  [[nodiscard]] std::optional<Message> try_receive();

  /// Set once everything received has been taken and nothing more can come: closed, truncated, ….
  [[nodiscard]] boost::system::error_code end_of_receiving() const;

  /// After error::truncated: the bytes of the message that did not end, as on the wire, its header included. Otherwise
  /// empty.
  [[nodiscard]] Message partial() const;

  // --- sending ------------------------------------------------------------------------------------------------------

  /// Queues the message, waiting while the queue is at its high-water mark. Messages are written in the order in which
  /// send was called; completion means queued, not arrived (see flush and close).
  /// Completes with (error_code). Also error::unframeable and error::send_ended, as the framing says. After an error
  /// the message is not queued.
  [[nodiscard]] boost::asio::awaitable<void> send(Message message, Deadline deadline = {});
  template <detail::TokenFor<> Token>
  auto send(Message message, Token&& token) {
    return send(std::move(message), Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<> Token>
  auto send(Message message, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, Message body, Deadline when) {
          detail::start_send(std::move(state), std::move(body), when, detail::Handler<>{std::move(handler)});
        },
        token, state_, std::move(message), deadline);
  }

  /// Queues the message if there is room and nothing waits before it; error::full otherwise. Never waits, never throws
  /// for what a peer or a limit does.
  boost::system::error_code try_send(Message message);

  /// Queues the message even past the mark and past waiting sends; error::full beyond the hard limit.
  boost::system::error_code post(Message message);

  /// Completes, with (error_code), when everything queued before the call has been written to the stream. Cancelled or
  /// timed out, it leaves the queue as it is.
  [[nodiscard]] boost::asio::awaitable<void> flush(Deadline deadline = {});
  template <detail::TokenFor<> Token>
  auto flush(Token&& token) {
    return flush(Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<> Token>
  auto flush(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, Deadline when) {
          detail::start_flush(std::move(state), when, detail::Handler<>{std::move(handler)});
        },
        token, state_, deadline);
  }

  /// Ends the sending direction behind everything queued; receiving goes on. The peer sees a clean end; a send after
  /// this, also one that is suspended now, is error::send_ended. Throws std::invalid_argument where the stream cannot
  /// close one direction alone, and over udp, where there is no end that a peer could be told.
  void end_sending();

  // --- ending -------------------------------------------------------------------------------------------------------

  /// Ends the connection in order: pending receives and suspended sends complete with operation_aborted, what is queued
  /// is written, the sending direction is shut down where the stream can, the peer's system acknowledges, the stream is
  /// closed. At the deadline (default: `linger` from now) the rest is given up. Never fails: the report says what may
  /// be missing. A second close waits for the first. Cancelling it gives the rest up at once. Completes with
  /// (error_code, CloseReport), the error_code being none.
  [[nodiscard]] boost::asio::awaitable<CloseReport> close();
  [[nodiscard]] boost::asio::awaitable<CloseReport> close(Deadline deadline);
  template <detail::TokenFor<CloseReport> Token>
  auto close(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, CloseReport)>(
        [](auto handler, std::shared_ptr<detail::ConnectionState> state, Deadline when) {
          detail::start_close(std::move(state), when, detail::Handler<CloseReport>{std::move(handler)});
        },
        token, state_, deadline);
  }

  /// Closes at once; queued bytes are dropped. The returned report says what was.
  CloseReport abort();

  // --- looking ------------------------------------------------------------------------------------------------------

  /// Where the two ends are; valid as long as the handle. Ports are the real ones. What has no name of its own, such as
  /// the connecting end of a Unix socket, has the other end's.
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;
  [[nodiscard]] const Endpoint& remote_endpoint() const noexcept;
  /// Who the peer has proved to be by TLS, and what was agreed on; null where there is no TLS.
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const noexcept;
  /// Who is at the other end of a Unix socket, also after it was closed; nothing on other transports.
  [[nodiscard]] std::optional<PeerCredentials> peer_credentials() const noexcept;
  /// A snapshot, taken under the connection's lock.
  [[nodiscard]] ConnectionStats stats() const;

  /// The sentence of the last error of this connection, as parley::Error carries it; empty when there was none.
  [[nodiscard]] std::string last_error() const;

  /// From the next message on, receive and send with another framing. Bytes already received and not yet taken are read
  /// under the new one; messages already queued keep the old. Throws std::invalid_argument where the constructor would.
  void reframe(Framing framing);

 private:
  friend struct detail::ConnectionAccess;

  std::shared_ptr<detail::ConnectionState> state_;
};

}  // namespace parley
