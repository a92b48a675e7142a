// Peer: who is at the other end, as handlers see it.
//
//   server.on_message([](parley::app::Peer& peer, parley::Message m) -> asio::awaitable<void> {
//     ++peer.state<Session>().messages;
//     co_await peer.send("ok");
//   });
//
// A handle: cheap to copy, and it may be kept for as long as one likes. When the connection has ended, sends are
// error::closed, the questions below are still answered, and `state` is still there; when the server or client has been
// destroyed, so are its peers' connections.
//
// Thread rule: every member may be called from any thread at any time, but assigning to and destroying the same handle.
// What state() refers to is the program's to guard where handlers of one peer, which run one at a time, are not the
// only ones to use it.
#pragma once

#include <parley/app/history.hpp>
#include <parley/connection/connection.hpp>
#include <parley/detail/export.hpp>
#include <parley/detail/handler.hpp>
#include <parley/endpoint.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/transport/tls_info.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>

namespace parley::app {

/// Names a peer of one server or client; never given twice by it.
using PeerId = std::uint64_t;

namespace detail {

class PeerState;

PARLEY_EXPORT void start_send(std::shared_ptr<PeerState>, Message, Deadline, parley::detail::Handler<>);
PARLEY_EXPORT void start_close(std::shared_ptr<PeerState>, Deadline, parley::detail::Handler<CloseReport>);

using parley::detail::TokenFor;

}  // namespace detail

/// See the top of this header.
class PARLEY_EXPORT Peer {
 public:
  /// Nobody: only copied, compared and asked whether it is somebody.
  Peer() noexcept = default;
  /// For the library.
  explicit Peer(std::shared_ptr<detail::PeerState> state) noexcept : state_{std::move(state)} {}

  /// False for nobody.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Whether both are the same connection of the same peer.
  friend bool operator==(const Peer& a, const Peer& b) noexcept { return a.state_ == b.state_; }

  // --- sending ------------------------------------------------------------------------------------------------------

  /// Sends through the before_send hooks and filters, and queues what comes out, waiting while the peer's queue is at
  /// its high-water mark. A handler that waits so holds back its own peer alone: nothing more is read from it.
  /// Completion means queued, not arrived. Completes with (error_code).
  /// Errors: those of Connection::send (error::closed after the end, timed_out, message_too_large, …), and
  /// error::message_refused where a hook or filter would not have it; after any of them nothing is queued. Cancelled or
  /// timed out, it has queued nothing, and hooks and filters have not seen the message.
  [[nodiscard]] boost::asio::awaitable<void> send(Message message, Deadline deadline = {}) const;
  template <detail::TokenFor<> Token>
  auto send(Message message, Token&& token) const {
    return send(std::move(message), Deadline{}, std::forward<Token>(token));
  }
  template <detail::TokenFor<> Token>
  auto send(Message message, Deadline deadline, Token&& token) const {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, std::shared_ptr<detail::PeerState> state, Message body, Deadline when) {
          detail::start_send(std::move(state), std::move(body), when, parley::detail::Handler<>{std::move(handler)});
        },
        token, state_, std::move(message), deadline);
  }
  /// The same if there is room and nothing waits before it; error::full otherwise, and then hooks and filters have not
  /// seen it. Never waits, never throws for what a peer or a limit does.
  boost::system::error_code try_send(Message message) const;
  /// The same even past the mark and past waiting sends; error::full beyond `send_hard_limit_size`, and then hooks and
  /// filters have seen it.
  boost::system::error_code post(Message message) const;
  /// The sentence of the last send of this peer that failed; empty when none has.
  [[nodiscard]] std::string last_error() const;

  // --- ending -------------------------------------------------------------------------------------------------------

  /// Closes the connection in order, as Connection::close does: messages that no handler has begun are dropped, what is
  /// queued is written until the deadline, on_disconnect is called with error::closed once handlers that run have
  /// ended. Completes, with (error_code, CloseReport), when the connection is closed, which a handler of the same peer
  /// may wait for. Never fails. Cancelled, it gives up what is not written yet.
  [[nodiscard]] boost::asio::awaitable<CloseReport> close(Deadline deadline) const;
  template <detail::TokenFor<CloseReport> Token>
  auto close(Deadline deadline, Token&& token) const {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, CloseReport)>(
        [](auto handler, std::shared_ptr<detail::PeerState> state, Deadline when) {
          detail::start_close(std::move(state), when, parley::detail::Handler<CloseReport>{std::move(handler)});
        },
        token, state_, deadline);
  }
  /// Begins to close it so, with `linger` for a deadline, and returns at once.
  void disconnect() const;

  // --- looking ------------------------------------------------------------------------------------------------------

  /// Of this connection; a peer that comes again has another.
  [[nodiscard]] PeerId id() const noexcept;
  /// Whether anything may still come from it: false once its end, a failure, or the end of its sending direction has
  /// been noticed, or this side has begun to close it. A handler that takes long asks this.
  [[nodiscard]] bool is_connected() const;
  /// Where the peer is, and where it has reached this side, as Connection has them.
  [[nodiscard]] const Endpoint& endpoint() const noexcept;
  [[nodiscard]] const Endpoint& local_endpoint() const noexcept;
  /// Who it has proved to be by TLS: the subject of a certificate that was verified; empty without one.
  [[nodiscard]] std::string tls_subject() const;
  /// All that TLS agreed on; null without TLS.
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const noexcept;
  /// What the classifier has said; `unclassified` until then, and without one. Valid as long as the handle.
  [[nodiscard]] std::string_view kind() const noexcept;
  /// The first message that came, as the classifier saw it. Empty before, and where it was larger than
  /// `first_message_size_max`.
  [[nodiscard]] Message first_message() const;
  /// Whether the message that handlers have now is the first: no other has been given to them.
  [[nodiscard]] bool is_first_message() const noexcept;
  /// Empty where `history_count_max` is 0.
  [[nodiscard]] History history() const;
  /// Of its connection.
  [[nodiscard]] ConnectionStats stats() const;
  /// `peer 7 (tcp://10.0.0.7:51313)`, with the kind where it has one: `peer 7, panel (tcp://10.0.0.7:51313)`.
  [[nodiscard]] std::string to_string() const;

  /// What the program keeps for this peer: one object for each type, default-made when it is first asked for. Lives as
  /// long as any handle of the peer.
  template <class T>
  [[nodiscard]] T& state() const {
    return *static_cast<T*>(state_of(typeid(T), [] { return std::shared_ptr<void>{std::make_shared<T>()}; }));
  }

  /// For the library.
  [[nodiscard]] const std::shared_ptr<detail::PeerState>& shared_state() const noexcept { return state_; }

 private:
  [[nodiscard]] void* state_of(std::type_index type, std::shared_ptr<void> (*make)()) const;

  std::shared_ptr<detail::PeerState> state_;
};

/// As Peer::to_string; `nobody` for an empty handle.
PARLEY_EXPORT std::ostream& operator<<(std::ostream& out, const Peer& peer);

}  // namespace parley::app

/// For sets and maps of peers.
template <>
struct std::hash<parley::app::Peer> {
  /// Equal for equal peers.
  std::size_t operator()(const parley::app::Peer& peer) const noexcept {
    return std::hash<std::shared_ptr<parley::app::detail::PeerState>>{}(peer.shared_state());
  }
};
