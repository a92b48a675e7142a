// SocketCore: all that a Socket decides, without I/O, clock or randomness of its own: who is a peer, who gets which
// message, what is kept, sent again, given up, dropped.
//
//   core.add_dialler(endpoint, …)              wants to be connected to somebody
//   core.add_link(info, in, out, now)          there is a stream to a peer
//   core.on_bytes / on_written / on_end        something has happened to it
//   core.try_send / send / take                what the application does
//   core.next_action()                         what the driver is to do: flush, close, dial, …
//   core.next_completion(), next_event()       what the application is to be told
//   core.next_deadline(), expire(now)          when to be called although nothing happens
//
// The queues of a link are the driver's: it reads into `in` and writes from `out`. The core cuts messages out of the
// one and appends to the other, from add_link until it has asked for the link to be closed or has been told of its end.
//
// Received bytes are looked at as they come (scanned): greetings, heartbeats and acknowledgements have their effect at
// once. Messages stay where they are until somebody takes them; so a peer is held back by not reading from it.
//
// Invariants: a peer is listed as up exactly while its state says so; one that has messages to take is on the list of
// those; nothing refers to the queues of a link that is over.
#pragma once

#include "detail/ring.hpp"
#include "detail/split_mix.hpp"
#include "policy/backlog.hpp"
#include "policy/deadline_heap.hpp"
#include "policy/duplicates.hpp"
#include "policy/event_queue.hpp"
#include "policy/high_water.hpp"
#include "policy/outstanding.hpp"
#include "policy/peer.hpp"
#include "policy/publish.hpp"
#include "policy/round_robin.hpp"

#include <parley/policy/socket_options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace parley::policy {

/// Names a dialler; never used again.
using DiallerId = std::uint32_t;

/// What the driver is to do.
struct SocketAction {
  enum class Kind : std::uint8_t {
    flush,          ///< something was appended to the link's `out`
    close_link,     ///< and forget it; what is queued is of no use
    finish_link,    ///< write what is queued, then close and forget it
    look_at_link,   ///< find out from the system whether it has ended, though nobody reads from it now
    dial,           ///< add_link or on_dial_failed follows
    stop_dialling,  ///< neither follows
  };
  Kind kind;
  LinkId link{};
  DiallerId dialler = 0;
  Identity identity{};  // finish_link: whose it was
};

/// An operation that has ended.
struct SocketCompletion {
  OperationId operation;
  boost::system::error_code ec;
  std::string sentence{};  // where there is more to say than the code does
};

/// Where a message came from.
struct TakenFrom {
  Identity sender;
  LinkId link;                        // that was held back, and reading from it may go on; else not set
  std::optional<wire::MessageId> id;  // that the application is to acknowledge
};

/// What a socket had not got rid of when it was closed.
struct SocketRemains {
  std::uint64_t unsent_count = 0;          // messages no peer's system has wholly got
  std::uint64_t unacknowledged_count = 0;  // at-least-once: sent, perhaps arrived
};

struct SocketCounters {
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_dropped = 0;
  std::uint64_t messages_resent = 0;
  std::uint64_t messages_given_up = 0;
  std::uint64_t duplicates_dropped = 0;
};

class SocketCore {
  /// With this much queued, a driver should write at once instead of waiting for the turn to end.
  static constexpr std::size_t flushed_at_once_size = 256 * 1024;
  /// Messages that one peer may give before it is another's turn.
  static constexpr unsigned taken_in_a_row_max = 64;
  /// Reading from a peer that was held back goes on when no more than this is left.
  static constexpr std::size_t resume_size = 4 * 1024;

 public:
  /// Throws std::invalid_argument for options that contradict each other.
  SocketCore(SocketOptions options, const Identity& self, std::uint64_t seed);
  SocketCore(const SocketCore&) = delete;
  SocketCore& operator=(const SocketCore&) = delete;
  ~SocketCore();

  // --- dialling -----------------------------------------------------------------------------------------------------

  /// Dials at once, and whenever the connection is lost.
  DiallerId add_dialler(const Endpoint& endpoint);
  void on_dial_failed(DiallerId dialler, boost::system::error_code ec, std::string sentence, TimePoint now);
  /// Dials no more. What is queued for the peer is written.
  void remove_dialler(DiallerId dialler, TimePoint now);

  // --- links --------------------------------------------------------------------------------------------------------

  LinkId add_link(LinkInfo info, detail::InBuffer& in, detail::OutQueue& out, TimePoint now);
  void on_bytes(LinkId link, TimePoint now);
  [[nodiscard]] bool wants_bytes(LinkId link) noexcept;
  /// The bytes that `in` has to hold before on_bytes can do more, where that is worth a buffer of its own; else 0.
  [[nodiscard]] std::size_t wanted_size(LinkId link) const noexcept;
  void on_written(LinkId link, TimePoint now);
  void on_end(LinkId link, boost::system::error_code ec, std::string sentence, TimePoint now);
  /// What finish_link could not write after all. Returns how many of the messages are thereby lost.
  std::uint64_t on_unwritten(const Identity& identity, std::uint64_t count);
  /// What look_at_link asked for: the stream has ended, though what came before the end has not been read.
  void on_seen_dead(LinkId link);
  /// For a connection that never got so far as to be a link.
  void on_refused(const Endpoint& endpoint, boost::system::error_code ec, std::string sentence);
  void on_accept_paused(const Endpoint& endpoint, boost::system::error_code ec, Duration pause);

  /// The application wants this peer's connection ended at once. False: there is no such peer.
  bool cut_off(const Identity& identity, TimePoint now);

  // --- sending ------------------------------------------------------------------------------------------------------

  enum class Sent : std::uint8_t { done, must_wait, failed };
  /// `to`: none for the socket's mode. must_wait leaves the message as it is. After `failed`, sentence() has more.
  Sent try_send(Message& message, const std::optional<Identity>& to, const SendSettings& settings, TimePoint now,
                boost::system::error_code& ec);
  /// The same for the most usual case alone: at most once, to one peer (null: the next), which has room and nothing
  /// before it. The link that it was queued for; not set: try_send has to see to it.
  [[nodiscard]] LinkId try_send_to_one(const Message& message, const Identity* to);
  /// Ends by a completion of `operation`, now or later.
  void send(OperationId operation, Message message, const std::optional<Identity>& to, const SendSettings& settings,
            TimePoint now);
  /// A send that waits is taken back, and completes with `ec`. False: it does not wait (any more).
  bool cancel_send(OperationId operation, boost::system::error_code ec);
  /// Nobody wants to know any more whether the message was acknowledged.
  void cancel_confirmation(OperationId operation, boost::system::error_code ec);
  [[nodiscard]] const std::string& sentence() const noexcept { return sentence_; }
  /// Whether try_send looks at `now` even for a message that does not expire.
  [[nodiscard]] bool sending_needs_time() const noexcept {
    return options_.delivery == Delivery::at_least_once || options_.overflow == Overflow::disconnect_slow_peer;
  }

  // --- receiving ----------------------------------------------------------------------------------------------------

  /// The next message, from each peer in turn. After false, what is in the arguments means nothing.
  [[nodiscard]] bool take(Message& body, TakenFrom& from);
  /// The same for the most usual case alone: a plain message of a peer whose turn it is now and afterwards. False:
  /// take() has to see to it.
  [[nodiscard]] bool take_plain(Message& body, Identity& sender) noexcept;
  /// The application is done with it; nothing if it is known no more.
  void acknowledge(const Identity& sender, const wire::MessageId& id);
  /// The application does not handle it after all: when it comes again, it is given out again.
  void decline(const Identity& sender, const wire::MessageId& id);

  // --- time, and what comes of all that -----------------------------------------------------------------------------

  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return deadlines_.next(); }
  void expire(TimePoint now);

  /// Whether there may be an action, or there is a completion.
  [[nodiscard]] bool has_actions() const noexcept {
    return !actions_.empty() || !dirty_.empty() || !completions_.empty();
  }
  /// Whether there is nothing to be done but to flush, and that can wait until more has gathered.
  [[nodiscard]] bool can_gather() const noexcept {
    return actions_.empty() && completions_.empty() && unflushed_size_ < flushed_at_once_size;
  }
  [[nodiscard]] std::optional<SocketAction> next_action();
  [[nodiscard]] std::optional<SocketCompletion> next_completion();
  [[nodiscard]] std::optional<SocketEvent> next_event() { return events_.take(); }
  [[nodiscard]] bool has_events() const noexcept { return !events_.empty(); }

  // --- closing ------------------------------------------------------------------------------------------------------

  /// Sends nothing new; what was accepted is still delivered. Sends that wait end with `aborted`.
  void begin_closing(boost::system::error_code aborted);
  /// Everything has been written, and acknowledged where that was asked for.
  [[nodiscard]] bool is_drained() const noexcept;
  /// Ends it all: asks for all links to be finished or, unless drained, closed.
  /// Operations that still wait end with `aborted`.
  SocketRemains finish_closing(boost::system::error_code aborted);

  // --- looking ------------------------------------------------------------------------------------------------------

  [[nodiscard]] const Identity& identity() const noexcept { return self_; }
  [[nodiscard]] const SocketOptions& options() const noexcept { return options_; }
  [[nodiscard]] const std::vector<Peer*>& peers() const noexcept { return up_; }
  [[nodiscard]] const SocketCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t kept_count() const noexcept { return backlog_.kept_count(); }
  [[nodiscard]] std::uint64_t events_missed() const noexcept { return events_.missed(); }
  [[nodiscard]] std::size_t unacknowledged_count() const noexcept { return outstanding_.count(); }

 private:
  using Note = detail::OutQueue::Note;

  struct Dialler {
    DiallerId id;
    Endpoint endpoint;
    unsigned failures = 0;
    LinkId link{};  // that it has made
  };
  struct LivenessDue {
    LinkId link;
  };
  struct GreetingDue {
    LinkId link;
  };
  struct ContentionOver {
    LinkId link;
  };
  struct DialDue {
    DiallerId dialler;
  };
  struct ResendDue {};
  struct ExpiryDue {};
  using Due = std::variant<LivenessDue, GreetingDue, ContentionOver, DialDue, ResendDue, ExpiryDue>;

  // links
  [[nodiscard]] Peer* find(LinkId link) const noexcept;
  [[nodiscard]] Peer* find(const Identity& identity) const noexcept;
  void scan_messages(Peer& peer);
  void scan(Peer& peer, TimePoint now);
  /// False: the link is over, or what follows is not to be looked at now.
  bool on_frame(Peer& peer, const wire::PeerFrameStep& step, const std::byte* frame, TimePoint now);
  bool on_hello(Peer& peer, const wire::PeerFrameStep& step, const std::byte* frame, TimePoint now);
  void pass_over(Peer& peer, std::size_t size);
  void greet(Peer& peer);
  [[nodiscard]] bool takes_place_of(const Peer& peer, const Peer& rival) const noexcept;
  void contend(Peer& peer, Peer& rival, TimePoint now);
  void come_up(Peer& peer, TimePoint now);
  void refuse(Peer& peer, boost::system::error_code ec, std::string sentence, TimePoint now);
  void cut(Peer& peer, boost::system::error_code ec, std::string sentence, TimePoint now);
  enum class Queue : std::uint8_t { is_lost, is_written };  // what was queued, when a link is left
  void leave(Peer& peer, boost::system::error_code ec, const std::string& sentence, TimePoint now,
             Queue queue = Queue::is_lost);
  std::uint64_t salvage(Peer& peer);
  void note_lost(const Identity& identity, std::uint64_t count);
  void admit_contender(const Identity& identity, TimePoint now);
  void fail_sends_to(const Identity& identity);
  [[nodiscard]] std::string about(const Peer& peer, std::string_view what) const;

  // dialling
  [[nodiscard]] Dialler* find_dialler(DiallerId id) noexcept;
  void dial_again(Dialler& dialler, boost::system::error_code ec, const std::string& sentence, TimePoint now);

  // sending
  Peer* next_with_room(const Identity* to) noexcept;
  Sent send_by_mode(Message& message, const SendSettings& settings, TimePoint now, boost::system::error_code& ec);
  Sent send_to(const Identity& to, Message& message, const SendSettings& settings, TimePoint now,
               boost::system::error_code& ec);
  Sent send_round_robin(Message& message, const SendSettings& settings, TimePoint now, boost::system::error_code& ec);
  Sent publish(const Message& message, TimePoint now, boost::system::error_code& ec);
  bool make_room(Peer& peer, Overflow rule, std::vector<Peer*>& too_slow);
  bool drop_oldest(Peer& peer);
  [[nodiscard]] bool may_publish_kept() const noexcept;
  Sent keep(Message& message, const std::optional<Identity>& to, const SendSettings& settings,
            boost::system::error_code& ec);
  Sent on_full(Peer& peer, Message& message, const std::optional<Identity>& to, const SendSettings& settings,
               TimePoint now, boost::system::error_code& ec);
  Sent send_to_lost(const Identity& to, Message& message, const SendSettings& settings, boost::system::error_code& ec);
  Sent fail(boost::system::error_code ec_now, std::string sentence, boost::system::error_code& ec);
  Sent drop(const Identity& identity, boost::system::error_code why, const SendSettings& settings);
  void hand_over(Peer& peer, Message& message, const std::optional<Identity>& to, const SendSettings& settings,
                 TimePoint now);
  [[nodiscard]] static Note note_for(const std::optional<Identity>& to, const SendSettings& settings) noexcept;
  void append_data(Peer& peer, const Message& body, Note note);
  void append_request(Peer& peer, const Message& body, const wire::MessageId& id);
  void append_control(Peer& peer, wire::PeerFrameKind kind, const wire::MessageId& id);
  void mark_dirty(Peer& peer);
  [[nodiscard]] bool has_unacknowledged_room() const noexcept;
  [[nodiscard]] Overflow overflow(bool is_for_one) const noexcept;
  void serve_backlog(TimePoint now);
  [[nodiscard]] bool may_serve_any() const noexcept;
  bool serve(std::size_t index, TimePoint now);
  void schedule_expiry(TimePoint when);
  void expire_pending(std::size_t index);
  void expire_backlog(TimePoint now);
  void complete(OperationId operation, boost::system::error_code ec, std::string sentence = {});

  // at-least-once
  void on_acknowledged(const Peer& peer, const wire::MessageId& id, TimePoint now);
  void resend_due(TimePoint now);
  void resend_stranded(TimePoint now);
  void resend(Outstanding::Key key, Peer& peer, TimePoint now);
  void give_up(Outstanding::Key key, boost::system::error_code ec);
  [[nodiscard]] Peer* choose_for_resend(const OutstandingMessage& message);
  void schedule_resend();

  // receiving
  void end_turn();
  Peer* next_to_take_from();
  bool cut_out(Peer& peer, Message& body, TakenFrom& from);
  bool note_request(Peer& peer, const wire::MessageId& id, TakenFrom& from);
  void orphan(Peer& peer);
  [[nodiscard]] bool takes_bytes(const Peer& peer) const noexcept;

  // time
  void on_due(LivenessDue due, TimePoint now);
  void on_due(GreetingDue due, TimePoint now);
  void on_due(ContentionOver due, TimePoint now);
  void on_due(DialDue due, TimePoint now);
  void on_due(ResendDue due, TimePoint now);
  void on_due(ExpiryDue due, TimePoint now);

  const SocketOptions options_;
  const Identity self_;
  const HighWater marks_;
  const Backoff backoff_;
  detail::SplitMix64 random_;

  std::vector<std::unique_ptr<Peer>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t last_serial_ = 0;
  std::vector<Peer*> up_;  // in the order in which they came
  std::unordered_map<Identity, Peer*> by_identity_;
  std::vector<std::unique_ptr<Peer>> over_;  // freed when nobody can be using them any more
  RoundRobin round_robin_;
  Publisher publisher_;

  std::vector<Dialler> diallers_;
  DiallerId last_dialler_ = 0;

  detail::Ring<LinkId> to_take_;  // with messages that can be taken; some may have gone meanwhile
  unsigned taken_in_a_row_ = 0;
  Peer* takes_from_ = nullptr;  // the first of them, where that is known
  struct Orphan {
    Message body;
    TakenFrom from;
  };
  static std::size_t size_of(const Orphan& orphan) noexcept { return sizeof orphan + orphan.body.size(); }
  detail::Ring<Orphan> orphans_;  // whose link has gone
  std::size_t orphans_size_ = 0;
  Duplicates duplicates_;

  Backlog backlog_;
  TimePoint next_expiry_ = TimePoint::max();  // for which a deadline has been set
  Outstanding outstanding_;
  bool resend_is_scheduled_ = false;

  DeadlineHeap<Due> deadlines_;
  detail::Ring<SocketAction> actions_;
  detail::Ring<LinkId> dirty_;      // to be flushed
  std::size_t unflushed_size_ = 0;  // of what has been sent since they were, what is published counted once
  detail::Ring<SocketCompletion> completions_;
  EventQueue events_{limits::events_max, limits::events_size_max};
  SocketCounters counters_;
  std::string sentence_;
  SocketRemains lost_while_closing_;
  bool is_closing_ = false;
  bool is_serving_ = false;
};

inline bool SocketCore::take_plain(Message& body, Identity& sender) noexcept {
  Peer* const peer = takes_from_;
  if (peer == nullptr || peer->waiting_count < 2 || taken_in_a_row_ + 1 >= taken_in_a_row_max) return false;
  const std::span<const std::byte> unread = peer->in.unread();
  const std::size_t header_size = peer->dialect.data_header_size();
  const std::size_t size = peer->dialect.data_size(unread);
  if (size == wire::AnyDialect::npos || !orphans_.empty()) [[unlikely]]
    return false;
  if (peer->is_held_back && unread.size() - header_size - size <= resume_size) [[unlikely]]
    return false;
  peer->in.slice(header_size, size, body);
  sender = peer->identity;
  peer->in.consume(header_size + size);
  peer->scanned_size -= header_size + size;
  --peer->waiting_count;
  ++peer->messages_received;
  ++taken_in_a_row_;
  ++counters_.messages_received;
  return true;
}

}  // namespace parley::policy
