// SocketCore: messages taken out of what peers have sent.
#include "policy/socket_core.hpp"

#include <utility>

namespace parley::policy {

using wire::PeerFrameKind;
using wire::PeerFrameStep;

bool SocketCore::take(Message& body, TakenFrom& from) {
  if (!orphans_.empty()) [[unlikely]] {
    Orphan orphan = orphans_.take_front();
    orphans_size_ -= size_of(orphan);
    body = std::move(orphan.body);
    from = orphan.from;
    ++counters_.messages_received;
    return true;
  }
  while (Peer* const peer = takes_from_ != nullptr ? takes_from_ : next_to_take_from()) {
    const bool is_new = cut_out(*peer, body, from);
    if (peer->waiting_count == 0) {
      end_turn();
    } else if (++taken_in_a_row_ == taken_in_a_row_max) {
      const LinkId link = peer->id;
      end_turn();
      to_take_.emplace_back(link);
    }
    if (!is_new) continue;
    ++peer->messages_received;
    ++counters_.messages_received;
    return true;
  }
  return false;
}

/// Null: nobody has anything.
Peer* SocketCore::next_to_take_from() {
  for (; !to_take_.empty(); end_turn()) {
    takes_from_ = find(to_take_.front());
    if (takes_from_ != nullptr && takes_from_->waiting_count > 0) return takes_from_;
  }
  return nullptr;
}

void SocketCore::end_turn() {
  takes_from_ = nullptr;
  to_take_.pop_front();
  taken_in_a_row_ = 0;
}

/// The first of the peer's messages that were scanned. False: it has been given out before.
inline bool SocketCore::cut_out(Peer& peer, Message& body, TakenFrom& from) {
  for (;;) {
    const std::span<const std::byte> unread = peer.in.unread();
    const PeerFrameStep step = peer.dialect.decode(unread, true);
    const bool is_message = step.kind == PeerFrameKind::data || step.kind == PeerFrameKind::request;
    if (is_message) peer.in.slice(step.begin, step.size, body);
    peer.in.consume(step.consumed);
    peer.scanned_size -= step.consumed;
    if (!is_message) [[unlikely]]
      continue;
    --peer.waiting_count;
    from.sender = peer.identity;
    from.id.reset();
    const bool may_go_on = peer.is_held_back && (peer.waiting_count == 0 || peer.in.size() <= resume_size);
    from.link = may_go_on ? peer.id : LinkId{};
    if (step.kind == PeerFrameKind::data) [[likely]]
      return true;
    return note_request(peer, wire::load_id(unread.data() + step.id_at), from);
  }
}

/// False: the application has had this message already.
bool SocketCore::note_request(Peer& peer, const wire::MessageId& id, TakenFrom& from) {
  const bool is_application_to_acknowledge = options_.acknowledge == Acknowledge::by_application;
  const Duplicates::State state = duplicates_.state(peer.identity, id);
  if (state == Duplicates::State::unknown) {
    if (is_application_to_acknowledge) from.id = id;
    duplicates_.add(peer.identity, id,
                    is_application_to_acknowledge ? Duplicates::State::taken : Duplicates::State::acknowledged);
    return true;
  }
  if (state == Duplicates::State::declined) {
    from.id = id;
    duplicates_.set(peer.identity, id, Duplicates::State::taken);
    return true;
  }
  ++counters_.duplicates_dropped;
  // That it was acknowledged before was lost on its way.
  if (is_application_to_acknowledge && state == Duplicates::State::acknowledged) {
    append_control(peer, PeerFrameKind::acknowledgement, id);
  }
  return false;
}

/// The peer's link is over: what it had sent before is kept until it is taken.
void SocketCore::orphan(Peer& peer) {
  Orphan orphan;
  while (peer.waiting_count > 0) {
    if (!cut_out(peer, orphan.body, orphan.from)) continue;
    orphan.from.link = {};
    orphans_size_ += size_of(orphan);
    orphans_.emplace_back(std::move(orphan));
  }
}

void SocketCore::acknowledge(const Identity& sender, const wire::MessageId& id) {
  duplicates_.set(sender, id, Duplicates::State::acknowledged);
  // If it is not there now, it sends the message again when it is, and hears it then.
  if (Peer* const peer = find(sender)) append_control(*peer, PeerFrameKind::acknowledgement, id);
}

void SocketCore::decline(const Identity& sender, const wire::MessageId& id) {
  if (duplicates_.state(sender, id) == Duplicates::State::taken) {
    duplicates_.set(sender, id, Duplicates::State::declined);
  }
}

}  // namespace parley::policy
