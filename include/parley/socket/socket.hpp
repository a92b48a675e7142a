// Socket: one object, many peers. It binds, connects, or both, to any number of endpoints; connects again by itself;
// sends to everybody, to the next one, or to one by name; and loses nothing without saying so.
//
//   parley::Socket socket{executor, {.send_mode = parley::SendMode::publish}};
//   parley::Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");   // the endpoint really bound
//   socket.connect("tls://a.example:25000", options);                  // stays connected until disconnect() or close()
//   co_await socket.send("to everyone");
//   parley::Received r = co_await socket.receive();
//   co_await socket.send_to(r.sender, "only you");
//
// Peers speak the aiomsg protocol (docs/protocols/aiomsg.md), so there are many beside this library. A bound tcp or tls
// endpoint takes WebSocket peers on the same port.
//
// Without a peer, what is sent is kept, in order, up to the high-water mark, and goes to the first that comes. What a
// lost connection had not written goes to another peer (round-robin), is kept (by identity, if asked for), or is told
// as dropped (publish). At the mark, one named rule holds: SocketOptions::overflow.
//
// Operations have the two forms that Connection's have: without a token they return an awaitable, which does not
// suspend when there is something to give or room to take, and throw parley::Error with a sentence; with a token (last)
// they complete with an error_code, and last_error() has the sentence. Cancelling one leaves the socket as it was: a
// cancelled receive has taken nothing, a cancelled send has queued nothing.
//
// Thread rule: every member may be called from any thread at any time, but moving and destroying. Destroying it, at any
// moment, completes what is pending with asio::error::operation_aborted and ends the connections in order, within
// `linger`.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/policy/socket_event.hpp>
#include <parley/policy/socket_options.hpp>
#include <parley/socket/options.hpp>
#include <parley/socket/received.hpp>
#include <parley/socket/received_value.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// What `close` could not get rid of, also where it was told as an event meanwhile. All zero: everything has arrived at
/// the peers' systems, and was acknowledged where that was asked for.
struct SocketCloseReport {
  std::uint64_t unsent_count = 0;          ///< messages that were certainly not sent: kept, or never wholly written
  std::uint64_t unacknowledged_count = 0;  ///< at-least-once: sent, and not acknowledged; they may have arrived
  std::uint64_t unconfirmed_size = 0;      ///< bytes written that the peers' systems had not acknowledged

  /// Whether nothing is missing, as far as can be known.
  [[nodiscard]] bool all_arrived() const noexcept {
    return unsent_count == 0 && unacknowledged_count == 0 && unconfirmed_size == 0;
  }
  bool operator==(const SocketCloseReport&) const = default;
};

/// One peer, as it is at this moment.
struct PeerInfo {
  Identity identity;                    ///< as it says
  Endpoint endpoint;                    ///< where it is
  std::string tls_subject;              ///< of its certificate, if it has shown one that was verified
  std::uint64_t queue_count = 0;        ///< messages that wait to be written to it
  std::uint64_t queue_size = 0;         ///< and their bytes
  std::uint64_t messages_sent = 0;      ///< queued for it, ever
  std::uint64_t messages_received = 0;  ///< from it, handed to the application
  std::uint64_t messages_dropped = 0;   ///< that were for it
  std::uint64_t bytes_sent = 0;         ///< written, framing included
  std::uint64_t bytes_received = 0;     ///< read, framing included
  Duration since_heard{};               ///< how long ago anything came from it
};

/// Counters of one socket since it was made, and what is queued in it at this moment.
struct SocketStats {
  std::uint64_t messages_sent = 0;         ///< accepted, and handed to a peer's queue (publish: once for all)
  std::uint64_t messages_received = 0;     ///< handed to the application
  std::uint64_t messages_dropped = 0;      ///< each told by an event; publish: once for each peer
  std::uint64_t messages_resent = 0;       ///< at-least-once
  std::uint64_t messages_given_up = 0;     ///< at-least-once
  std::uint64_t duplicates_dropped = 0;    ///< received again
  std::uint64_t peer_count = 0;            ///< now
  std::uint64_t kept_count = 0;            ///< messages that wait for a peer, now
  std::uint64_t unacknowledged_count = 0;  ///< at-least-once, now
  std::uint64_t events_missed = 0;         ///< dropped because nobody took them
};

namespace detail {

class SocketState;

// The compiled side of the operations below.
PARLEY_EXPORT void start_socket_bind(std::shared_ptr<SocketState>, Endpoint, EndpointOptions, Handler<Endpoint>);
PARLEY_EXPORT void start_socket_receive(std::shared_ptr<SocketState>, Deadline, Handler<Received>);
PARLEY_EXPORT void start_socket_send(std::shared_ptr<SocketState>, Message, std::optional<Identity>, SendOptions,
                                     bool is_confirmed, Handler<>);
PARLEY_EXPORT void start_socket_wait(std::shared_ptr<SocketState>, std::size_t peer_count, Deadline, Handler<>);
PARLEY_EXPORT void start_socket_event(std::shared_ptr<SocketState>, Deadline, Handler<SocketEvent>);
PARLEY_EXPORT void start_socket_close(std::shared_ptr<SocketState>, Deadline, Handler<SocketCloseReport>);

/// A completion token, as opposed to what else may stand last.
template <class T, class... Results>
concept SocketTokenFor = !std::convertible_to<T, Deadline> && !std::convertible_to<T, SendOptions> &&
                         boost::asio::completion_token_for<T, void(boost::system::error_code, Results...)>;

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Socket {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Throws std::invalid_argument for options that contradict each other.
  explicit Socket(executor_type executor, SocketOptions options = {});
  Socket(Socket&&) noexcept = default;
  /// What was there goes as if destroyed.
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  /// Where its connections live, and handlers without an executor of their own are called.
  [[nodiscard]] executor_type get_executor() const;
  /// Who this socket is to its peers.
  [[nodiscard]] const Identity& identity() const noexcept;

  // --- endpoints ----------------------------------------------------------------------------------------------------

  /// Takes peers there from then on. Completes with (error_code, Endpoint): what was really bound, with the port. The
  /// system's errors, and error::unavailable; throws std::invalid_argument, at once, for what can never be bound. A
  /// host name is looked up while the executor's thread waits.
  [[nodiscard]] boost::asio::awaitable<Endpoint> bind(Endpoint endpoint, EndpointOptions options = {});
  template <detail::SocketTokenFor<Endpoint> Token>
  auto bind(Endpoint endpoint, EndpointOptions options, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Endpoint)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, Endpoint at, EndpointOptions how) {
          detail::start_socket_bind(std::move(state), std::move(at), std::move(how),
                                    detail::Handler<Endpoint>{std::move(handler)});
        },
        token, state_, std::move(endpoint), std::move(options));
  }
  /// Takes no more peers there; those that came stay. `endpoint` as bind() returned it. False: it was not bound.
  bool unbind(const Endpoint& endpoint);

  /// Dials, and dials again whenever that fails or the connection is lost, until disconnect() or close(). Returns at
  /// once. Throws std::invalid_argument for an endpoint that can never be dialled, and for one that is dialled already,
  /// Error with error::closed after close().
  void connect(const Endpoint& endpoint, const EndpointOptions& options = {});
  /// Dials it no more, and ends the connection behind what is queued. Where nothing of that moves for a second, the
  /// rest is dropped, and told as an event; what is sent at least once is sent again instead. False: it was not
  /// dialled.
  bool disconnect(const Endpoint& endpoint);

  /// Ends the connection with this peer at once, as if it had been lost: what was not written goes where that of a lost
  /// connection goes, and it may come back, as this side does where it dialled. False: there is no such peer.
  bool cut_off(const Identity& peer);

  /// Completes, with (error_code), when there are at least `count` peers. Errors: timed_out, closed, operation_aborted.
  [[nodiscard]] boost::asio::awaitable<void> wait_for_peers(std::size_t count, Deadline deadline = {});
  template <detail::SocketTokenFor<> Token>
  auto wait_for_peers(std::size_t count, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, std::size_t n, Deadline when) {
          detail::start_socket_wait(std::move(state), n, when, detail::Handler<>{std::move(handler)});
        },
        token, state_, count, deadline);
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  /// By the socket's mode: to the next peer, or to all. Completes, with (error_code), when the message has been queued
  /// for a peer, or is kept for the next that comes. Errors: error::full by the rule for full queues,
  /// message_too_large, unframeable (legacy peers), timed_out, closed.
  [[nodiscard]] boost::asio::awaitable<void> send(Message message);
  [[nodiscard]] boost::asio::awaitable<void> send(Message message, SendOptions options);
  template <detail::SocketTokenFor<> Token>
  auto send(Message message, SendOptions options, Token&& token) {
    return initiate_send(std::move(message), std::nullopt, std::move(options), false, std::forward<Token>(token));
  }
  template <detail::SocketTokenFor<> Token>
  auto send(Message message, Token&& token) {
    return send(std::move(message), SendOptions{}, std::forward<Token>(token));
  }

  /// To one peer, whatever the mode. Also error::unknown_peer.
  [[nodiscard]] boost::asio::awaitable<void> send_to(Identity to, Message message);
  [[nodiscard]] boost::asio::awaitable<void> send_to(Identity to, Message message, SendOptions options);
  template <detail::SocketTokenFor<> Token>
  auto send_to(Identity to, Message message, SendOptions options, Token&& token) {
    return initiate_send(std::move(message), to, std::move(options), false, std::forward<Token>(token));
  }
  template <detail::SocketTokenFor<> Token>
  auto send_to(Identity to, Message message, Token&& token) {
    return send_to(to, std::move(message), SendOptions{}, std::forward<Token>(token));
  }

  /// As send, and completes when the peer has acknowledged the message. Also error::unacknowledged. Cancelled, or timed
  /// out, it is still delivered if it had been queued. Throws std::invalid_argument unless the socket's delivery is
  /// at_least_once.
  [[nodiscard]] boost::asio::awaitable<void> send_confirmed(Message message, SendOptions options = {});
  template <detail::SocketTokenFor<> Token>
  auto send_confirmed(Message message, SendOptions options, Token&& token) {
    return initiate_send(std::move(message), std::nullopt, std::move(options), true, std::forward<Token>(token));
  }

  /// Never wait, and never throw for what a peer or a limit does; error::full where send would wait.
  boost::system::error_code try_send(Message message, const SendOptions& options = {});
  boost::system::error_code try_send_to(const Identity& to, Message message, const SendOptions& options = {});

  /// A value, encoded by `codec`. Throws what encoding throws, at once.
  template <class Value, Codec C>
  [[nodiscard]] boost::asio::awaitable<void> send(const Value& value, const C& codec, SendOptions options = {}) {
    return send(codec.encode(value), std::move(options));
  }
  template <class Value, Codec C>
  [[nodiscard]] boost::asio::awaitable<void> send_to(Identity to, const Value& value, const C& codec,
                                                     SendOptions options = {}) {
    return send_to(to, codec.encode(value), std::move(options));
  }
  template <class Value, Codec C>
  [[nodiscard]] boost::asio::awaitable<void> send_confirmed(const Value& value, const C& codec,
                                                            SendOptions options = {}) {
    return send_confirmed(codec.encode(value), std::move(options));
  }

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message from any peer; from one peer they come in order, and no peer can keep the others out. Completes
  /// with (error_code, Received). Errors: timed_out, closed, operation_aborted.
  [[nodiscard]] boost::asio::awaitable<Received> receive(Deadline deadline = {});
  template <detail::SocketTokenFor<Received> Token>
  auto receive(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Received)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, Deadline when) {
          detail::start_socket_receive(std::move(state), when, detail::Handler<Received>{std::move(handler)});
        },
        token, state_, deadline);
  }
  template <detail::SocketTokenFor<Received> Token>
  auto receive(Token&& token) {
    return receive(Deadline{}, std::forward<Token>(token));
  }
  /// The next message, decoded by `codec`. Also error::payload_rejected, with the sender in the sentence: it was not a
  /// T. That message is gone, and where the application acknowledges, it has not been; the next receive takes the next.
  template <class T, Codec C>
  [[nodiscard]] boost::asio::awaitable<ReceivedValue<T>> receive_as(const C& codec, Deadline deadline = {}) {
    return detail::decode_when_received<T>(receive(deadline), codec);
  }
  /// What is there: waits for one message, and gives at most `count_max`. Errors as receive(); throws
  /// std::invalid_argument, at once, for 0.
  [[nodiscard]] boost::asio::awaitable<std::vector<Received>> receive_batch(std::size_t count_max,
                                                                            Deadline deadline = {});
  /// A message that is there already, or nothing.
  [[nodiscard]] std::optional<Received> try_receive();

  // --- looking ------------------------------------------------------------------------------------------------------

  /// The next thing to be told of. At most 4096 wait, and with them at most 16 MiB of messages; then the oldest are
  /// dropped, and counted in stats(). Completes with (error_code, SocketEvent). Errors: timed_out, operation_aborted,
  /// and closed when the socket is, and all have been told.
  [[nodiscard]] boost::asio::awaitable<SocketEvent> next_event(Deadline deadline = {});
  template <detail::SocketTokenFor<SocketEvent> Token>
  auto next_event(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, SocketEvent)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, Deadline when) {
          detail::start_socket_event(std::move(state), when, detail::Handler<SocketEvent>{std::move(handler)});
        },
        token, state_, deadline);
  }
  /// What there is to be told of already, or nothing; nothing while a next_event() waits.
  [[nodiscard]] std::optional<SocketEvent> try_next_event();

  /// Those there are, in the order in which they came; none after close().
  [[nodiscard]] std::vector<PeerInfo> peers() const;
  /// Also after close().
  [[nodiscard]] SocketStats stats() const;
  /// The sentence of the last operation that failed; empty when none has.
  [[nodiscard]] std::string last_error() const;

  // --- ending -------------------------------------------------------------------------------------------------------

  /// Ends the socket in order: receives and sends that wait complete with operation_aborted; what was accepted is
  /// written, what is kept goes to a peer that comes in time, what wants it is acknowledged. At the deadline the rest
  /// is given up. Never fails: the report says what may be missing. Completes with (error_code, SocketCloseReport), the
  /// error_code being none. Cancelling it gives the rest up at once.
  [[nodiscard]] boost::asio::awaitable<SocketCloseReport> close(Deadline deadline);
  template <detail::SocketTokenFor<SocketCloseReport> Token>
  auto close(Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, SocketCloseReport)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, Deadline when) {
          detail::start_socket_close(std::move(state), when, detail::Handler<SocketCloseReport>{std::move(handler)});
        },
        token, state_, deadline);
  }

 private:
  template <class Token>
  auto initiate_send(Message message, std::optional<Identity> to, SendOptions options, bool is_confirmed,
                     Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::SocketState> state, Message body, std::optional<Identity> whom,
           SendOptions how, bool confirmed) {
          detail::start_socket_send(std::move(state), std::move(body), whom, std::move(how), confirmed,
                                    detail::Handler<>{std::move(handler)});
        },
        token, state_, std::move(message), to, std::move(options), is_confirmed);
  }

  std::shared_ptr<detail::SocketState> state_;
};

}  // namespace parley
