// SocketCore: messages taken out of what peers have sent.
#include "policy/socket_core.hpp"

#include <algorithm>
#include <utility>

namespace parley::policy {

using wire::PeerFrameKind;
using wire::PeerFrameStep;

namespace {

/// Messages that one peer may give before it is another's turn.
constexpr unsigned taken_in_a_row_max = 64;

}  // namespace

bool SocketCore::take(TakenMessage& taken) {
  if (!orphans_.empty()) [[unlikely]] {
    taken = orphans_.take_front();
    ++counters_.messages_received;
    return true;
  }
  while (!to_take_.empty()) {
    Peer* const peer = find(to_take_.front());
    if (peer == nullptr || peer->waiting_count == 0) {
      end_turn();
      continue;
    }
    const bool is_new = cut_out(*peer, taken);
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

void SocketCore::end_turn() {
  to_take_.pop_front();
  taken_in_a_row_ = 0;
}

/// The first of the peer's messages that were scanned. False: it has been given out before.
bool SocketCore::cut_out(Peer& peer, TakenMessage& taken) {
  for (;;) {
    const std::span<const std::byte> unread = peer.in.unread();
    const PeerFrameStep step = peer.dialect.decode(unread, true);
    const bool is_message = step.kind == PeerFrameKind::data || step.kind == PeerFrameKind::request;
    if (is_message) {
      peer.in.slice(step.begin, step.size, taken.body);
      taken.sender = peer.identity;
      taken.link = peer.id;
      --peer.waiting_count;
    }
    const bool is_new = step.kind != PeerFrameKind::request || note_request(peer, wire::load_id(unread.data() + step.id_at), taken);
    if (step.kind == PeerFrameKind::data) taken.id.reset();
    peer.in.consume(step.consumed);
    peer.scanned_size -= step.consumed;
    peer.wanted_size -= std::min(peer.wanted_size, step.consumed);
    if (is_message) return is_new;
  }
}

/// False: the application has had this message already.
bool SocketCore::note_request(Peer& peer, const wire::MessageId& id, TakenMessage& taken) {
  const bool is_application_to_acknowledge = options_.acknowledge == Acknowledge::by_application;
  const Duplicates::State state = duplicates_.state(id);
  if (state == Duplicates::State::unknown) {
    taken.id = is_application_to_acknowledge ? std::optional{id} : std::nullopt;
    duplicates_.add(id, is_application_to_acknowledge ? Duplicates::State::taken : Duplicates::State::acknowledged);
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
  TakenMessage taken;
  while (peer.waiting_count > 0) {
    if (!cut_out(peer, taken)) continue;
    taken.link = {};
    orphans_.emplace_back(std::move(taken));
  }
}

void SocketCore::acknowledge(const Identity& sender, const wire::MessageId& id) {
  duplicates_.acknowledge(id);
  // If it is not there now, it sends the message again when it is, and hears it then.
  if (Peer* const peer = find(sender)) append_control(*peer, PeerFrameKind::acknowledgement, id);
}

}  // namespace parley::policy
