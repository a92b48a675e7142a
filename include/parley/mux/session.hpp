// Session: many channels over one stream.
//
//   parley::mux::Session session{std::move(stream), parley::mux::Role::client};
//   parley::mux::Channel channel = co_await session.open();        // no round trip; the channel is a Stream
//   parley::mux::Channel other = co_await session.accept();        // one that the peer has opened
//
// Both sides may open channels. The stream may be of any kind; one end has to be told that it is the client, the other
// that it is the server, as they number their channels differently.
//
// Operations have the two forms that Connection's have: without a token they return an awaitable and throw
// parley::Error with a sentence; with a token (last) they complete with an error_code, never inside the initiating
// call, and last_error() has the sentence. Cancelling one leaves the session as it was.
//
// Errors of all operations: why the session has ended (error::closed where both sides ended it in order,
// handshake_failed, peer_silent, malformed, window_exceeded, … and the stream's own), timed_out, operation_aborted.
//
// Thread rule: every member may be called from any thread, but moving, assigning and destroying, which must not overlap
// with other calls. Destroying the handle takes no new channels; those there are go on, and the stream is closed when
// the last of them has gone and what they wrote has been written, or the stream has taken none of it for 30 s.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/mux/channel.hpp>
#include <parley/time.hpp>
#include <parley/transport/stream.hpp>
#include <parley/wire/mux.hpp>

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

namespace parley::mux {

/// Which end of the stream this is.
using Role = MuxRole;
/// What governs a session.
using Options = MuxOptions;

/// Something that has happened to a session.
struct SessionEvent {
  /// What.
  enum class Kind : std::uint8_t {
    ready,       ///< the peer has shown that it speaks the protocol
    going_away,  ///< the peer takes no new channels; those that are open go on
    ended,       ///< the session is over: cause, sentence
  };
  Kind kind = Kind::ready;          ///< which of these
  boost::system::error_code cause;  ///< ended: why
  std::string sentence;             ///< the same for people
};

/// Counters of a session since it was made, and what it has now.
struct SessionStats {
  std::uint64_t channels_opened = 0;    ///< by this side
  std::uint64_t channels_accepted = 0;  ///< opened by the peer, and not refused
  std::uint64_t channels_refused = 0;   ///< by this side
  std::uint64_t channel_bytes_in = 0;   ///< received on channels
  std::uint64_t channel_bytes_out = 0;  ///< written to channels
  std::uint64_t stream_bytes_in = 0;    ///< read from the stream, framing included
  std::uint64_t stream_bytes_out = 0;   ///< written to the stream, framing included
  std::size_t channel_count = 0;        ///< open now
  std::size_t unread_size = 0;          ///< bytes received on channels and not read, now
  std::size_t unwritten_size = 0;       ///< bytes that wait to be written to the stream, now
  std::optional<Duration> round_trip;   ///< the shortest that was measured
};

/// One of a session's channels, now.
struct ChannelInfo {
  ChannelId id = 0;              ///< its number on the wire
  bool is_accepted = true;       ///< false: the peer has opened it, and accept() has not been asked for it yet
  bool sending_ended = false;    ///< this side writes nothing more
  bool receiving_ended = false;  ///< nothing more comes; what has come may still be unread
  std::size_t unread_size = 0;   ///< bytes received, and not read
  bool operator==(const ChannelInfo&) const = default;
};

/// What close() had to cut, or was lost with the session. All zero: both sides had finished with everything.
struct SessionCloseReport {
  /// That this side had not closed when the session was lost; at the deadline, also those that the peer had not.
  std::size_t channels_cut = 0;
  std::size_t unwritten_size = 0;  ///< bytes that could not be written to the stream
  /// Whether nothing is missing, as far as this side knows.
  [[nodiscard]] bool is_clean() const noexcept { return channels_cut == 0 && unwritten_size == 0; }
  bool operator==(const SessionCloseReport&) const = default;
};

namespace detail {

class SessionState;

// The compiled side of the operations below.
PARLEY_EXPORT void start_open(std::shared_ptr<SessionState>, std::optional<ChannelId>, Deadline,
                              parley::detail::Handler<Channel>);
PARLEY_EXPORT void start_accept(std::shared_ptr<SessionState>, Deadline, parley::detail::Handler<Channel>);
PARLEY_EXPORT void start_ping(std::shared_ptr<SessionState>, Deadline, parley::detail::Handler<Duration>);
PARLEY_EXPORT void start_event(std::shared_ptr<SessionState>, Deadline, parley::detail::Handler<SessionEvent>);
PARLEY_EXPORT void start_close(std::shared_ptr<SessionState>, Deadline, parley::detail::Handler<SessionCloseReport>);

/// A completion token, as opposed to a Deadline.
template <class T, class... Results>
concept TokenFor = !std::convertible_to<T, Deadline> &&
                   boost::asio::completion_token_for<T, void(boost::system::error_code, Results...)>;

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Session {
 public:
  /// Any executor of Asio's.
  using executor_type = boost::asio::any_io_executor;

  /// Takes the stream over and begins to read from it, on its executor. Options out of their range count as the nearest
  /// that is in it.
  Session(transport::Stream stream, Role role, const Options& options);
  // An overload and no default argument: GCC 12 would destroy that twice in a `co_await` expression.
  Session(transport::Stream stream, Role role) : Session{std::move(stream), role, Options{}} {}
  Session(Session&&) noexcept = default;
  /// What was there goes as if destroyed.
  Session& operator=(Session&& other) noexcept;
  ~Session();

  /// Where it and its channels live.
  [[nodiscard]] executor_type get_executor() const;
  /// Which end this is.
  [[nodiscard]] Role role() const noexcept;

  /// A new channel, which can be written to at once: nothing is asked of the peer. Waits only while as many channels as
  /// `channels_max` and `unacknowledged_max` allow are open, and then behind those who have waited longer. Completes
  /// with (error_code, Channel). Also error::going_away and channels_exhausted. With an `id` the channel has that
  /// number: see wire::Yamux::open and wire::TcpChan::open for which may be chosen; throws std::invalid_argument for
  /// another, also for one that was taken while it waited.
  [[nodiscard]] boost::asio::awaitable<Channel> open(Deadline deadline = {});
  [[nodiscard]] boost::asio::awaitable<Channel> open_as(ChannelId id, Deadline deadline = {});
  template <detail::TokenFor<Channel> Token>
  auto open(Deadline deadline, Token&& token) {
    return initiate<Channel>(
        [](auto state, Deadline when, auto handler) {
          detail::start_open(std::move(state), std::nullopt, when, std::move(handler));
        },
        deadline, std::forward<Token>(token));
  }

  /// The next channel that the peer has opened. Completes with (error_code, Channel). At most `accept_backlog` wait;
  /// the peer is refused further ones. Those that were over in order before the session ended can still be accepted,
  /// and read.
  [[nodiscard]] boost::asio::awaitable<Channel> accept(Deadline deadline = {});
  template <detail::TokenFor<Channel> Token>
  auto accept(Deadline deadline, Token&& token) {
    return initiate<Channel>([](auto state, Deadline when,
                                auto handler) { detail::start_accept(std::move(state), when, std::move(handler)); },
                             deadline, std::forward<Token>(token));
  }

  /// Asks the peer for an answer. Completes with (error_code, Duration): how long that took. Also error::unavailable
  /// (TCPChan has no pings) and full (16 are under way: one that was cancelled, or has timed out, is until its answer
  /// comes).
  [[nodiscard]] boost::asio::awaitable<Duration> ping(Deadline deadline = {});
  template <detail::TokenFor<Duration> Token>
  auto ping(Deadline deadline, Token&& token) {
    return initiate<Duration>(
        [](auto state, Deadline when, auto handler) { detail::start_ping(std::move(state), when, std::move(handler)); },
        deadline, std::forward<Token>(token));
  }

  /// Takes no new channels from the peer, and tells it so (yamux). Channels that are open, and opening some, go on, and
  /// those that wait for accept() can be accepted. Nothing once the session has ended or is closing.
  void go_away();

  /// The next thing to be told of. Completes with (error_code, SessionEvent); with why the session has ended when all
  /// have been told.
  [[nodiscard]] boost::asio::awaitable<SessionEvent> next_event(Deadline deadline = {});
  template <detail::TokenFor<SessionEvent> Token>
  auto next_event(Deadline deadline, Token&& token) {
    return initiate<SessionEvent>([](auto state, Deadline when,
                                     auto handler) { detail::start_event(std::move(state), when, std::move(handler)); },
                                  deadline, std::forward<Token>(token));
  }

  /// Now. Also after the session has ended.
  [[nodiscard]] SessionStats stats() const;
  /// The channel of that number; nothing when there is none, or both sides have finished with it, or its owner here
  /// has. The Channel itself belongs to whoever has opened or accepted it. Looks through all of them.
  [[nodiscard]] std::optional<ChannelInfo> find(ChannelId id) const;
  /// All of them, in no order.
  [[nodiscard]] std::vector<ChannelInfo> channels() const;
  /// The sentence of the last operation that failed, whoever began it; empty when none has.
  [[nodiscard]] std::string last_error() const;

  /// Ends the session in order: no new channels; waits until those there are have been closed by their owners, writes
  /// what is queued, and closes the stream when the peer has ended it too, or a second later. At the deadline the rest
  /// is cut, with error::session_ended for those who wait in it. Operations of the session that wait complete with
  /// operation_aborted. Never fails. Completes with (error_code, SessionCloseReport), the error_code being none;
  /// cancelling it leaves the session closing.
  [[nodiscard]] boost::asio::awaitable<SessionCloseReport> close(Deadline deadline);
  template <detail::TokenFor<SessionCloseReport> Token>
  auto close(Deadline deadline, Token&& token) {
    return initiate<SessionCloseReport>(
        [](auto state, Deadline when, auto handler) {
          detail::start_close(std::move(state), when, std::move(handler));
        },
        deadline, std::forward<Token>(token));
  }

 private:
  template <class Result, class Start, class Token>
  auto initiate(Start start, Deadline deadline, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, Result)>(
        [start](auto handler, std::shared_ptr<detail::SessionState> state, Deadline when) {
          start(std::move(state), when, parley::detail::Handler<Result>{std::move(handler)});
        },
        token, state_, deadline);
  }

  std::shared_ptr<detail::SessionState> state_;
};

}  // namespace parley::mux
