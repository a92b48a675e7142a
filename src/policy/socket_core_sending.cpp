// SocketCore: who gets which message, and what becomes of those that nobody can take now.
#include "policy/socket_core.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace parley::policy {

using boost::system::error_code;
using wire::PeerFrameKind;
using Sent = SocketCore::Sent;

namespace {

/// Between two looks for messages that have expired.
constexpr std::chrono::milliseconds expiry_pause{10};

}  // namespace

// --- calls -----------------------------------------------------------------------------------------------------------

Sent SocketCore::try_send(Message& message, const std::optional<Identity>& to, const SendSettings& settings,
                          TimePoint now, error_code& ec) {
  if (is_closing_) [[unlikely]]
    return fail(error::closed, "the socket was closed", ec);
  if (message.size() > options_.message_size_max) [[unlikely]] {
    return fail(error::message_too_large,
                "message of " + std::to_string(message.size()) + " bytes exceeds the limit of " +
                    std::to_string(options_.message_size_max),
                ec);
  }
  if (settings.expires <= now) [[unlikely]] {
    drop(to.value_or(Identity{}), error::timed_out, {});
    return fail(error::timed_out, "the message's time to live was over before it could be sent", ec);
  }
  return to ? send_to(*to, message, settings, now, ec) : send_by_mode(message, settings, now, ec);
}

LinkId SocketCore::try_send_to_one(const Message& message, const Identity* to) {
  const bool is_usual = options_.delivery == Delivery::at_most_once && !is_closing_ && backlog_.empty() &&
                        message.size() <= options_.message_size_max;
  if (!is_usual) [[unlikely]]
    return {};
  Peer* const peer = next_with_room(to);
  if (peer == nullptr || !peer->dialect.can_carry(message.bytes())) [[unlikely]]
    return {};
  append_data(*peer, message, to != nullptr ? Note::addressed : Note::may_move);
  return peer->id;
}

inline Peer* SocketCore::next_with_room(const Identity* to) noexcept {
  if (to == nullptr) return options_.send_mode == SendMode::round_robin ? round_robin_.next(up_, marks_) : nullptr;
  Peer* const peer = find(*to);
  return peer != nullptr && marks_.has_room(peer->out) ? peer : nullptr;
}

void SocketCore::send(OperationId operation, Message message, const std::optional<Identity>& to,
                      const SendSettings& settings, TimePoint now) {
  error_code ec;
  switch (try_send(message, to, settings, now, ec)) {
    case Sent::done: complete(operation, {}); return;
    case Sent::failed: complete(operation, ec, sentence_); return;
    case Sent::must_wait: break;
  }
  schedule_expiry(settings.expires);
  backlog_.add({std::move(message), to, settings, operation});
}

bool SocketCore::cancel_send(OperationId operation, error_code ec) {
  for (std::size_t i = 0; i < backlog_.count(); ++i) {
    if (backlog_[i].waits != operation) continue;
    const PendingMessage taken_back = backlog_.take(i);
    if (taken_back.settings.confirms != 0) complete(taken_back.settings.confirms, ec);
    complete(operation, ec);
    return true;
  }
  return false;
}

Sent SocketCore::fail(error_code ec_now, std::string sentence, error_code& ec) {
  ec = ec_now;
  sentence_ = std::move(sentence);
  return Sent::failed;
}

/// This message is not sent, and the sender goes on.
Sent SocketCore::drop(const Identity& identity, error_code why, const SendSettings& settings) {
  ++counters_.messages_dropped;
  if (is_closing_) ++lost_while_closing_.unsent_count;
  events_.add_dropped(identity, why, 1);
  if (settings.confirms != 0) complete(settings.confirms, why);
  return Sent::done;
}

void SocketCore::complete(OperationId operation, error_code ec, std::string sentence) {
  completions_.emplace_back(SocketCompletion{operation, ec, std::move(sentence)});
}

Overflow SocketCore::overflow(bool is_for_one) const noexcept {
  if (options_.overflow != Overflow::automatic) return options_.overflow;
  return is_for_one || options_.send_mode == SendMode::round_robin ? Overflow::wait : Overflow::drop_newest;
}

// --- by mode ---------------------------------------------------------------------------------------------------------

Sent SocketCore::send_by_mode(Message& message, const SendSettings& settings, TimePoint now, error_code& ec) {
  // Behind those that wait already, or they would be overtaken.
  if (up_.empty() || backlog_.has_any_by_mode()) [[unlikely]]
    return keep(message, std::nullopt, settings, ec);
  return options_.send_mode == SendMode::publish ? publish(message, now, ec)
                                                 : send_round_robin(message, settings, now, ec);
}

Sent SocketCore::send_round_robin(Message& message, const SendSettings& settings, TimePoint now, error_code& ec) {
  if (!has_unacknowledged_room()) [[unlikely]] {
    return overflow(false) == Overflow::wait   ? Sent::must_wait
           : overflow(false) == Overflow::fail ? fail(error::full,
                                                      std::to_string(outstanding_.count()) +
                                                          " messages are not acknowledged yet, as many as there may be",
                                                      ec)
                                               : drop({}, error::full, settings);
  }
  Peer* const peer = round_robin_.next(up_, marks_);
  if (peer == nullptr) [[unlikely]]
    return on_full(*round_robin_.next_of_all(up_), message, std::nullopt, settings, now, ec);
  if (!peer->dialect.can_carry(message.bytes())) [[unlikely]]
    return fail(error::unframeable, about(*peer, "the peer would mistake this message for a sign of its wire"), ec);
  hand_over(*peer, message, std::nullopt, settings, now);
  return Sent::done;
}

// --- to one ----------------------------------------------------------------------------------------------------------

Sent SocketCore::send_to(const Identity& to, Message& message, const SendSettings& settings, TimePoint now,
                         error_code& ec) {
  Peer* const peer = find(to);
  if (peer == nullptr) return send_to_lost(to, message, settings, ec);
  if (!peer->dialect.can_carry(message.bytes())) {
    return fail(error::unframeable, about(*peer, "the peer would mistake this message for a sign of its wire"), ec);
  }
  if (!has_unacknowledged_room() || !marks_.has_room(peer->out) || backlog_.has_any_for(to)) {
    return on_full(*peer, message, to, settings, now, ec);
  }
  hand_over(*peer, message, to, settings, now);
  return Sent::done;
}

/// Its queue is at a mark, and so are those of all others that could have had the message.
Sent SocketCore::on_full(Peer& peer, Message& message, const std::optional<Identity>& to, const SendSettings& settings,
                         TimePoint now, error_code& ec) {
  switch (overflow(true)) {
    case Overflow::automatic:
    case Overflow::wait: return Sent::must_wait;
    case Overflow::fail:
      return fail(error::full,
                  about(peer, "the queue for the peer holds " + std::to_string(peer.out.message_count()) +
                                  " messages of " + std::to_string(peer.out.size()) + " bytes"),
                  ec);
    case Overflow::drop_newest: ++peer.messages_dropped; return drop(peer.identity, error::full, settings);
    case Overflow::drop_oldest:
      drop_oldest(peer);
      hand_over(peer, message, to, settings, now);
      return Sent::done;
    case Overflow::disconnect_slow_peer:
      cut(peer, error::peer_too_slow,
          about(peer, "the peer had " + std::to_string(peer.out.message_count()) +
                          " messages waiting, and was cut off because it is too slow"),
          now);
      return to ? send_to_lost(*to, message, settings, ec) : keep(message, std::nullopt, settings, ec);
  }
  return Sent::must_wait;
}

/// To one that is not there.
Sent SocketCore::send_to_lost(const Identity& to, Message& message, const SendSettings& settings, error_code& ec) {
  if (options_.keep_for_absent_peers) return keep(message, to, settings, ec);
  return fail(error::unknown_peer, "there is no peer " + to.to_string(), ec);
}

// --- to everybody ----------------------------------------------------------------------------------------------------

Sent SocketCore::publish(const Message& message, TimePoint now, error_code& ec) {
  const Overflow rule = overflow(false);
  if (rule == Overflow::wait || rule == Overflow::fail) {
    for (const Peer* peer : up_) {
      if (marks_.has_room(peer->out)) continue;
      if (rule == Overflow::wait) return Sent::must_wait;
      return fail(error::full, about(*peer, "the queue for a peer is full"), ec);
    }
  }
  std::array<std::optional<Encoded>, 2> encoded;  // for each dialect, when it is first needed
  static_assert(std::variant_size_v<wire::AnyDialect::Concrete> == std::tuple_size_v<decltype(encoded)>);
  std::vector<Peer*> too_slow;
  for (Peer* peer : up_) {
    if (!marks_.has_room(peer->out) && !make_room(*peer, rule, too_slow)) continue;
    auto& bytes = encoded[static_cast<std::size_t>(peer->dialect.which())];
    if (!bytes) {
      if (!peer->dialect.can_carry(message.bytes())) {
        ++peer->messages_dropped;
        drop(peer->identity, error::unframeable, {});
        continue;
      }
      bytes.emplace(publisher_.encode(peer->dialect, message));
    }
    bytes->queue_for(*peer);
    ++peer->messages_sent;
    mark_dirty(*peer);
  }
  ++counters_.messages_sent;
  unflushed_size_ += message.size();
  for (Peer* peer : too_slow) {
    cut(*peer, error::peer_too_slow,
        about(*peer, "the peer had " + std::to_string(peer->out.message_count()) +
                         " messages waiting, and was cut off because it is too slow"),
        now);
  }
  return Sent::done;
}

/// False: the message is not for this peer.
bool SocketCore::make_room(Peer& peer, Overflow rule, std::vector<Peer*>& too_slow) {
  if (rule == Overflow::disconnect_slow_peer) {
    too_slow.push_back(&peer);
    return false;
  }
  if (rule == Overflow::drop_oldest && drop_oldest(peer)) return true;
  ++peer.messages_dropped;
  drop(peer.identity, error::full, {});
  return false;
}

/// As many as it takes: the next message may be larger than those were. False: all of them are being written.
bool SocketCore::drop_oldest(Peer& peer) {
  bool has_dropped = false;
  while (!marks_.has_room(peer.out) && peer.out.drop_oldest()) {
    ++peer.messages_dropped;
    drop(peer.identity, error::full, {});
    has_dropped = true;
  }
  return has_dropped;
}

// --- into a queue ----------------------------------------------------------------------------------------------------

/// Nothing is remembered of a time to live in the queue: what has one is not sent elsewhere, perhaps too late.
SocketCore::Note SocketCore::note_for(const std::optional<Identity>& to, const SendSettings& settings) noexcept {
  if (settings.expires != TimePoint::max()) return Note::none;
  return to ? Note::addressed : Note::may_move;
}

void SocketCore::hand_over(Peer& peer, Message& message, const std::optional<Identity>& to,
                           const SendSettings& settings, TimePoint now) {
  if (options_.delivery == Delivery::at_most_once) [[likely]] {
    append_data(peer, message, note_for(to, settings));
    unflushed_size_ += message.size();
    mark_dirty(peer);
    return;
  }
  ++counters_.messages_sent;
  OutstandingMessage outstanding;
  outstanding.body = std::move(message);
  outstanding.link = peer.id;
  outstanding.sent_to[0] = peer.identity;
  outstanding.to = to;
  outstanding.operation = settings.confirms;
  outstanding.sent_max = settings.sent_max == 0 ? options_.sent_max : settings.sent_max;
  outstanding.expires = settings.expires;
  const Outstanding::Key key = outstanding_.add(std::move(outstanding), now);
  append_request(peer, outstanding_.find(key)->body, outstanding_.id_of(key));
  schedule_resend();
}

void SocketCore::append_data(Peer& peer, const Message& body, Note note) {
  ++counters_.messages_sent;
  ++peer.messages_sent;
  const std::size_t header_size = peer.dialect.data_header_size();
  if (body.size() > Message::inline_size_max) {
    std::byte header[wire::AnyDialect::header_size_max];
    peer.dialect.put_header(header, PeerFrameKind::data, body.size());
    peer.out.append({header, header_size}, body, note);
    return;
  }
  std::byte* const out = peer.out.append_in_place(header_size + body.size(), Message::inline_size_max, note);
  peer.dialect.put_header(out, PeerFrameKind::data, body.size());
  Message::copy_all_inline(out + header_size, body.data());  // of fixed size: several times cheaper
}

void SocketCore::append_request(Peer& peer, const Message& body, const wire::MessageId& id) {
  ++peer.messages_sent;
  unflushed_size_ += body.size();
  std::byte header[wire::AnyDialect::header_size_max];
  const std::size_t size = peer.dialect.put_header(header, PeerFrameKind::request, body.size(), id);
  peer.out.append({header, size}, body);
  mark_dirty(peer);
}

void SocketCore::append_control(Peer& peer, PeerFrameKind kind, const wire::MessageId& id) {
  std::byte frame[wire::AnyDialect::header_size_max];
  peer.out.append_control({frame, peer.dialect.put_header(frame, kind, 0, id)});
  mark_dirty(peer);
}

void SocketCore::mark_dirty(Peer& peer) {
  if (peer.is_dirty) return;
  peer.is_dirty = true;
  dirty_.emplace_back(peer.id);
}

// --- the backlog -----------------------------------------------------------------------------------------------------

/// Nobody is there to take it, or others wait before it.
Sent SocketCore::keep(Message& message, const std::optional<Identity>& to, const SendSettings& settings,
                      error_code& ec) {
  if (!backlog_.has_waiting() && marks_.has_room(backlog_.kept_size(), backlog_.kept_count())) {
    schedule_expiry(settings.expires);
    backlog_.add({std::move(message), to, settings});
    return Sent::done;
  }
  switch (overflow(to.has_value())) {
    case Overflow::automatic:
    case Overflow::wait: return Sent::must_wait;
    case Overflow::fail:
      return fail(error::full,
                  std::to_string(backlog_.kept_count()) + " messages wait for a peer, as many as there may be", ec);
    case Overflow::drop_oldest:
      while (!marks_.has_room(backlog_.kept_size(), backlog_.kept_count())) {
        const PendingMessage oldest = backlog_.take(0);
        drop(oldest.to.value_or(Identity{}), error::full, oldest.settings);
      }
      schedule_expiry(settings.expires);
      backlog_.add({std::move(message), to, settings});
      return Sent::done;
    case Overflow::drop_newest:
    case Overflow::disconnect_slow_peer: return drop(to.value_or(Identity{}), error::full, settings);
  }
  return Sent::must_wait;
}

/// Something has changed for the better: hands on whatever can go now, in order.
void SocketCore::serve_backlog(TimePoint now) {
  if (is_serving_) return;  // cutting a slow peer off comes back here
  if (!may_serve_any()) return;
  is_serving_ = true;
  bool mode_is_stuck = false;
  for (std::size_t i = 0; i < backlog_.count();) {
    const bool is_by_mode = !backlog_[i].to;
    if ((is_by_mode && mode_is_stuck) || !serve(i, now)) {
      mode_is_stuck |= is_by_mode;
      ++i;
    }
  }
  const bool is_low = marks_.is_low(backlog_.kept_size(), backlog_.kept_count());
  for (std::size_t i = 0; is_low && backlog_.has_waiting() && i < backlog_.count(); ++i) {
    const PendingMessage& waiting = backlog_[i];
    const bool has_nobody = waiting.to ? find(*waiting.to) == nullptr : up_.empty();
    if (waiting.waits == 0 || !has_nobody) continue;
    if (!marks_.has_room(backlog_.kept_size(), backlog_.kept_count())) break;
    complete(backlog_.accept(i), {});
  }
  is_serving_ = false;
}

/// False without a look at each of them, where all that wait are for peers that are not there.
bool SocketCore::may_serve_any() const noexcept {
  return (backlog_.has_waiting() && marks_.is_low(backlog_.kept_size(), backlog_.kept_count())) ||
         (backlog_.has_any_by_mode() && !up_.empty()) ||
         backlog_.has_any_for([this](const Identity& identity) { return find(identity) != nullptr; });
}

/// False: it has to stay where it is.
bool SocketCore::serve(std::size_t index, TimePoint now) {
  const PendingMessage& pending = backlog_[index];
  if (pending.settings.expires <= now) {
    expire_pending(index);
    return true;
  }
  if (!has_unacknowledged_room()) return false;
  Peer* peer = nullptr;
  if (pending.to) {
    peer = find(*pending.to);
    if (peer == nullptr || !marks_.has_room(peer->out)) return false;
  } else if (options_.send_mode == SendMode::round_robin) {
    peer = round_robin_.next(up_, marks_);
    if (peer == nullptr) return false;
  } else if (!may_publish_kept()) {
    return false;
  }
  PendingMessage taken = backlog_.take(index);
  error_code ec;
  if (peer == nullptr) {
    publish(taken.body, now, ec);
  } else if (!peer->dialect.can_carry(taken.body.bytes())) {
    drop(peer->identity, error::unframeable, taken.settings);
  } else {
    hand_over(*peer, taken.body, taken.to, taken.settings, now);
  }
  if (taken.waits != 0) complete(taken.waits, ec);
  return true;
}

/// What was accepted is neither refused nor dropped because the first peer to come cannot take it all at once. But the
/// rule for full queues holds again where it would otherwise be one slow peer that keeps it from the others.
bool SocketCore::may_publish_kept() const noexcept {
  const Overflow rule = overflow(false);
  const bool is_for_all_or_none = rule == Overflow::wait || rule == Overflow::fail;
  const auto has_room = [this](const Peer* peer) { return marks_.has_room(peer->out); };
  return is_for_all_or_none ? !up_.empty() && std::all_of(up_.begin(), up_.end(), has_room)
                            : std::any_of(up_.begin(), up_.end(), has_room);
}

/// The peer has gone, and whoever sends to it is to know.
void SocketCore::fail_sends_to(const Identity& identity) {
  if (options_.keep_for_absent_peers || !backlog_.has_any_for(identity)) return;
  for (std::size_t i = 0; i < backlog_.count();) {
    if (backlog_[i].to != identity) {
      ++i;
      continue;
    }
    const PendingMessage failed = backlog_.take(i);
    if (failed.waits != 0) {
      complete(failed.waits, error::unknown_peer, "the peer " + identity.to_string() + " has gone");
      if (failed.settings.confirms != 0) complete(failed.settings.confirms, error::unknown_peer);
    } else {
      drop(identity, error::unknown_peer, failed.settings);
    }
  }
}

void SocketCore::schedule_expiry(TimePoint when) {
  if (when >= next_expiry_) return;
  next_expiry_ = when;
  deadlines_.add(when, ExpiryDue{});
}

void SocketCore::expire_pending(std::size_t index) {
  const PendingMessage expired = backlog_.take(index);
  if (expired.waits != 0) complete(expired.waits, error::timed_out);
  drop(expired.to.value_or(Identity{}), error::timed_out, expired.settings);
}

/// Looks at all of them; so not for each that expires, but for all that do within a pause.
void SocketCore::expire_backlog(TimePoint now) {
  if (next_expiry_ > now) return;  // scheduled before there was one that expires sooner
  next_expiry_ = TimePoint::max();
  TimePoint next = TimePoint::max();
  for (std::size_t i = 0; i < backlog_.count();) {
    const TimePoint expires = backlog_[i].settings.expires;
    if (expires <= now) {
      expire_pending(i);
    } else {
      next = std::min(next, expires);
      ++i;
    }
  }
  schedule_expiry(std::max(next, now + expiry_pause));
  serve_backlog(now);
}

/// What the link had not written goes back to where it came from, to be sent to somebody else. Returns how many
/// messages cannot. Those that are being written are none of them: they may arrive.
std::uint64_t SocketCore::salvage(Peer& peer) {
  if (options_.delivery == Delivery::at_least_once) return 0;  // they are outstanding, and sent again from there
  std::uint64_t lost = peer.out.message_count() - peer.out.being_written_count();
  std::vector<PendingMessage> saved;
  for (;;) {
    detail::OutQueue::TakenOut taken = peer.out.take_oldest();
    if (taken.bytes.empty()) break;
    const wire::PeerFrameStep step = peer.dialect.decode(taken.bytes, true);
    if (taken.note == Note::may_move) {
      --lost;
      saved.push_back({Message{std::span<const std::byte>{taken.bytes}.subspan(step.begin, step.size)}, {}, {}});
    } else if (taken.note == Note::addressed && options_.keep_for_absent_peers) {
      --lost;
      saved.push_back(
          {Message{std::span<const std::byte>{taken.bytes}.subspan(step.begin, step.size)}, peer.identity, {}});
    }
  }
  for (; !saved.empty(); saved.pop_back()) {
    --counters_.messages_sent;
    backlog_.add_front(std::move(saved.back()));
  }
  if (is_closing_) lost_while_closing_.unsent_count += lost;
  note_lost(peer.identity, lost);
  return lost;
}

}  // namespace parley::policy
