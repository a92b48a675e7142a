// SocketCore: links and diallers; who becomes a peer, and how one is lost.
#include "policy/socket_core.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::policy {

using boost::system::error_code;
using wire::PeerFrameKind;
using wire::PeerFrameStep;

namespace {

/// For how long a new link may wait for an old one of the same identity to show that it is dead. The system usually
/// knows already, and only has to be asked.
constexpr std::chrono::milliseconds contention_time{500};

/// Frames up to this size come together with others in one read.
constexpr std::size_t common_frame_size = 32 * 1024;

/// Acknowledgements that may wait for a peer: more than an honest one leaves unread. Not to read from it instead could
/// stop two peers for good that both do so.
constexpr std::size_t unread_control_max = 512 * 1024;

}  // namespace

// --- dialling --------------------------------------------------------------------------------------------------------

DiallerId SocketCore::add_dialler(const Endpoint& endpoint) {
  diallers_.push_back({++last_dialler_, endpoint});
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::dial, .dialler = last_dialler_});
  return last_dialler_;
}

SocketCore::Dialler* SocketCore::find_dialler(DiallerId id) noexcept {
  const auto found = std::find_if(diallers_.begin(), diallers_.end(), [id](const Dialler& d) { return d.id == id; });
  return found == diallers_.end() ? nullptr : &*found;
}

void SocketCore::on_dial_failed(DiallerId id, error_code ec, std::string sentence, TimePoint now) {
  if (Dialler* dialler = find_dialler(id)) dial_again(*dialler, ec, sentence, now);
}

void SocketCore::dial_again(Dialler& dialler, error_code ec, const std::string& sentence, TimePoint now) {
  dialler.link = {};
  ++dialler.failures;
  const Duration delay = backoff_(dialler.failures, random_());
  deadlines_.add(now + delay, DialDue{dialler.id});
  SocketEvent event;
  event.kind = SocketEvent::Kind::retrying;
  event.endpoint = dialler.endpoint;
  event.cause = ec;
  event.sentence = sentence;
  event.count = dialler.failures;
  event.delay = delay;
  events_.add(std::move(event));
}

void SocketCore::remove_dialler(DiallerId id, TimePoint now) {
  const Dialler* dialler = find_dialler(id);
  if (dialler == nullptr) return;
  Peer* const peer = find(dialler->link);
  diallers_.erase(diallers_.begin() + (dialler - diallers_.data()));
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::stop_dialling, .dialler = id});
  if (peer == nullptr) return;
  actions_.emplace_back(
      SocketAction{.kind = SocketAction::Kind::finish_link, .link = peer->id, .identity = peer->identity});
  leave(*peer, error::closed, about(*peer, "this side disconnected"), now, Queue::is_written);
}

// --- links -----------------------------------------------------------------------------------------------------------

LinkId SocketCore::add_link(LinkInfo info, detail::InBuffer& in, detail::OutQueue& out, TimePoint now) {
  std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const LinkId id{slot, ++last_serial_};
  const wire::AnyDialect dialect{info.dialect, options_.message_size_max};
  const Liveness liveness{options_.heartbeat_interval, options_.silence_max, now};
  const TimePoint greeted_by = std::max(info.since + options_.greeting_time_max, now);
  slots_[slot] = std::make_unique<Peer>(id, std::move(info), in, out, dialect, liveness);
  Peer& peer = *slots_[slot];
  if (peer.info.is_dialled) {
    if (Dialler* dialler = find_dialler(peer.info.dialler)) dialler->link = id;
  }
  // Who accepts says who it is when it has heard who the other is, and has let it in; legacy peers expect it at once.
  if (peer.info.is_dialled || peer.info.dialect == Dialect::aiomsg_legacy) greet(peer);
  deadlines_.add(greeted_by, GreetingDue{id});
  if (in.size() > 0) on_bytes(id, now);
  return id;
}

Peer* SocketCore::find(LinkId link) const noexcept {
  if (!link.is_set() || link.slot >= slots_.size()) return nullptr;
  Peer* const peer = slots_[link.slot].get();
  return peer != nullptr && peer->id == link ? peer : nullptr;
}

Peer* SocketCore::find(const Identity& identity) const noexcept {
  const auto found = by_identity_.find(identity);
  return found == by_identity_.end() ? nullptr : found->second;
}

bool SocketCore::wants_bytes(LinkId link) noexcept {
  Peer* const peer = find(link);
  if (peer == nullptr) return false;
  peer->is_held_back = !takes_bytes(*peer);
  return !peer->is_held_back;
}

bool SocketCore::takes_bytes(const Peer& peer) const noexcept {
  if (peer.state == Peer::State::contending) return false;
  if (peer.waiting_count == 0 || peer.is_seen_dead) return true;
  // Those who leave their messages behind would otherwise come and go without anything to hold them back.
  return peer.in.size() < options_.receive_high_water_size && orphans_size_ < options_.receive_high_water_size;
}

std::size_t SocketCore::wanted_size(LinkId link) const noexcept {
  const Peer* const peer = find(link);
  return peer == nullptr || peer->needed_size <= common_frame_size ? 0 : peer->scanned_size + peer->needed_size;
}

void SocketCore::on_seen_dead(LinkId link) {
  if (Peer* const peer = find(link)) peer->is_seen_dead = true;
}

void SocketCore::on_bytes(LinkId link, TimePoint now) {
  Peer* const peer = find(link);
  if (peer == nullptr) return;
  peer->liveness.heard(now);
  if (peer->out.control_count() > unread_control_max) {
    cut(*peer, error::peer_too_slow,
        about(*peer, "the peer sends and does not read: " + std::to_string(peer->out.control_count()) +
                         " acknowledgements wait for it"),
        now);
    return;
  }
  if (peer->state != Peer::State::contending) scan(*peer, now);
}

/// Messages alone, one behind the other: nearly everything there is to scan.
void SocketCore::scan_messages(Peer& peer) {
  const std::span<const std::byte> unread = peer.in.unread();
  std::size_t scanned = peer.scanned_size;
  std::size_t count = 0;
  for (;; ++count) {
    const std::size_t size = peer.dialect.data_size(unread.subspan(scanned));
    if (size == wire::AnyDialect::npos) break;
    scanned += peer.dialect.data_header_size() + size;
  }
  peer.scanned_size = scanned;
  if (count == 0) return;
  if (peer.waiting_count == 0) to_take_.emplace_back(peer.id);
  peer.waiting_count += count;
}

void SocketCore::scan(Peer& peer, TimePoint now) {
  const LinkId link = peer.id;
  for (;;) {
    if (peer.state == Peer::State::up) scan_messages(peer);
    const std::span<const std::byte> rest = peer.in.unread().subspan(peer.scanned_size);
    const PeerFrameStep step = peer.dialect.decode(rest, peer.state == Peer::State::up);
    if (step.outcome == PeerFrameStep::Outcome::need) {
      peer.needed_size = step.need;
      return;
    }
    if (step.outcome == PeerFrameStep::Outcome::error) {
      std::string what = std::string{"the peer "} + step.why;
      if (step.code == error::message_too_large) {
        what = "message of " + std::to_string(step.size) + " bytes exceeds the limit of " +
               std::to_string(options_.message_size_max);
      }
      if (peer.state == Peer::State::up) {
        cut(peer, step.code, about(peer, what), now);
      } else {
        refuse(peer, step.code, about(peer, what), now);
      }
      return;
    }
    if (!on_frame(peer, step, rest.data(), now)) return;
    if (find(link) == nullptr) return;
  }
}

bool SocketCore::on_frame(Peer& peer, const PeerFrameStep& step, const std::byte* frame, TimePoint now) {
  switch (step.kind) {
    case PeerFrameKind::data:
    case PeerFrameKind::request:
      if (step.kind == PeerFrameKind::request && options_.acknowledge == Acknowledge::on_receipt) {
        append_control(peer, PeerFrameKind::acknowledgement, wire::load_id(frame + step.id_at));
      }
      peer.scanned_size += step.consumed;
      if (peer.waiting_count++ == 0) to_take_.emplace_back(peer.id);
      return true;
    case PeerFrameKind::hello: return on_hello(peer, step, frame, now);
    case PeerFrameKind::acknowledgement: on_acknowledged(peer, wire::load_id(frame + step.id_at), now); break;
    case PeerFrameKind::heartbeat:
    case PeerFrameKind::other: break;
  }
  pass_over(peer, step.consumed);
  return true;
}

/// A frame that needs no more looking at. In front of everything else it can go; behind messages it has to stay.
void SocketCore::pass_over(Peer& peer, std::size_t size) {
  if (peer.scanned_size == 0) {
    peer.in.consume(size);
  } else {
    peer.scanned_size += size;
  }
}

void SocketCore::greet(Peer& peer) {
  std::byte hello[wire::AnyDialect::header_size_max];
  peer.is_greeted = true;
  peer.out.append_control({hello, peer.dialect.put_hello(hello, self_)});
  mark_dirty(peer);
}

bool SocketCore::on_hello(Peer& peer, const PeerFrameStep& step, const std::byte* frame, TimePoint now) {
  peer.identity = peer.dialect.identity_of({frame + step.begin, step.size});
  pass_over(peer, step.consumed);
  const std::string name = peer.identity.to_string();
  if (peer.identity == self_) {
    refuse(peer, error::duplicate_identity, about(peer, "the peer has this socket's own identity " + name), now);
    return false;
  }
  if (up_.size() >= options_.peers_max) {
    refuse(peer, error::peer_refused,
           about(peer, "there are " + std::to_string(up_.size()) + " peers, as many as there may be"), now);
    return false;
  }
  if (options_.accept_peer && !options_.accept_peer({peer.identity, peer.info.endpoint, peer.info.tls_subject})) {
    refuse(peer, error::peer_refused, about(peer, "this socket's rule does not accept the peer " + name), now);
    return false;
  }
  if (Peer* const rival = find(peer.identity)) {
    contend(peer, *rival, now);
    return false;
  }
  come_up(peer, now);
  return true;
}

/// Two sockets that dial each other make two connections. Both keep the same: that which the greater identity has
/// dialled.
bool SocketCore::takes_place_of(const Peer& peer, const Peer& rival) const noexcept {
  return peer.info.is_dialled != rival.info.is_dialled && peer.info.is_dialled == (self_ > peer.identity);
}

/// It comes up when the other leaves, unless a third was there before it. Most likely the peer has died and come back,
/// and this side has not been told yet of the end of its old connection.
void SocketCore::contend(Peer& peer, Peer& rival, TimePoint now) {
  peer.state = Peer::State::contending;
  deadlines_.add(now + contention_time, ContentionOver{peer.id});
  if (takes_place_of(peer, rival)) {
    cut(rival, error::duplicate_identity, about(rival, "another connection to the same peer takes its place"), now);
    return;
  }
  append_control(rival, PeerFrameKind::heartbeat, {});  // a system whose process has gone answers that by a reset
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::look_at_link, .link = rival.id});
}

void SocketCore::admit_contender(const Identity& identity, TimePoint now) {
  for (const auto& slot : slots_) {
    if (slot == nullptr || slot->state != Peer::State::contending || slot->identity != identity) continue;
    const LinkId link = slot->id;
    come_up(*slot, now);
    if (Peer* const peer = find(link)) scan(*peer, now);
    return;
  }
}

void SocketCore::come_up(Peer& peer, TimePoint now) {
  if (!peer.is_greeted) greet(peer);
  peer.state = Peer::State::up;
  up_.push_back(&peer);
  by_identity_.emplace(peer.identity, &peer);
  if (Dialler* dialler = find_dialler(peer.info.dialler); dialler && peer.info.is_dialled) dialler->failures = 0;
  deadlines_.add(peer.liveness.next_deadline(), LivenessDue{peer.id});
  SocketEvent event;
  event.kind = SocketEvent::Kind::peer_up;
  event.identity = peer.identity;
  event.endpoint = peer.info.endpoint;
  events_.add(std::move(event));
  resend_stranded(now);
  serve_backlog(now);
}

/// It does not become a peer.
void SocketCore::refuse(Peer& peer, error_code ec, std::string sentence, TimePoint now) {
  SocketEvent event;
  event.kind = SocketEvent::Kind::refused;
  event.identity = peer.identity;
  event.endpoint = peer.info.endpoint;
  event.cause = ec;
  event.sentence = sentence;
  events_.add(std::move(event));
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::close_link, .link = peer.id});
  leave(peer, ec, sentence, now);
}

void SocketCore::on_refused(const Endpoint& endpoint, error_code ec, std::string sentence) {
  SocketEvent event;
  event.kind = SocketEvent::Kind::refused;
  event.endpoint = endpoint;
  event.cause = ec;
  event.sentence = std::move(sentence);
  events_.add(std::move(event));
}

void SocketCore::on_accept_paused(const Endpoint& endpoint, error_code ec, Duration pause) {
  SocketEvent event;
  event.kind = SocketEvent::Kind::accept_paused;
  event.endpoint = endpoint;
  event.cause = ec;
  event.sentence = "accepting at " + endpoint.to_string() + " waits for " +
                   std::to_string(std::chrono::round<std::chrono::milliseconds>(pause).count()) +
                   " ms: " + ec.message();
  event.delay = pause;
  events_.add(std::move(event));
}

void SocketCore::cut(Peer& peer, error_code ec, std::string sentence, TimePoint now) {
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::close_link, .link = peer.id});
  leave(peer, ec, sentence, now);
}

bool SocketCore::cut_off(const Identity& identity, TimePoint now) {
  Peer* const peer = find(identity);
  if (peer == nullptr) return false;
  cut(*peer, make_error_code(boost::system::errc::connection_aborted), about(*peer, "this side cut the peer off"), now);
  return true;
}

void SocketCore::on_end(LinkId link, error_code ec, std::string sentence, TimePoint now) {
  if (Peer* const peer = find(link)) leave(*peer, ec, about(*peer, sentence), now);
}

std::uint64_t SocketCore::on_unwritten(const Identity& identity, std::uint64_t count) {
  if (options_.delivery == Delivery::at_least_once) return 0;  // they are outstanding, and sent again from there
  note_lost(identity, count);
  return count;
}

/// Messages that had been queued for a peer.
void SocketCore::note_lost(const Identity& identity, std::uint64_t count) {
  if (count == 0) return;
  counters_.messages_dropped += count;
  events_.add_dropped(identity, error::closed, count);
}

/// What has come is still given out. What was queued goes elsewhere, where that is allowed, unless the driver still
/// writes it.
void SocketCore::leave(Peer& peer, error_code ec, const std::string& sentence, TimePoint now, Queue queue) {
  const bool was_up = peer.is_up();
  const bool was_contending = peer.state == Peer::State::contending;
  orphan(peer);
  peer.state = Peer::State::over;
  if (takes_from_ == &peer) takes_from_ = nullptr;
  // Those who called may still hold a reference; it goes with the next deadline.
  std::unique_ptr<Peer> gone = std::move(slots_[peer.id.slot]);
  free_slots_.push_back(peer.id.slot);
  over_.push_back(std::move(gone));
  if (was_up) {
    const auto at = std::find(up_.begin(), up_.end(), &peer);
    round_robin_.left(static_cast<std::size_t>(at - up_.begin()));
    up_.erase(at);
    by_identity_.erase(peer.identity);
    SocketEvent event;
    event.kind = SocketEvent::Kind::peer_lost;
    event.identity = peer.identity;
    event.endpoint = peer.info.endpoint;
    event.cause = ec;
    event.sentence = sentence;
    event.written_count = peer.messages_sent;
    if (queue == Queue::is_lost) {
      event.written_count -= peer.out.message_count() - peer.out.being_written_count();
      event.count = salvage(peer);
    }
    events_.add(std::move(event));
    outstanding_.strand(peer.id);
  }
  if (peer.info.is_dialled) {
    if (Dialler* dialler = find_dialler(peer.info.dialler)) {
      if (was_up) dialler->failures = 0;
      dial_again(*dialler, ec, sentence, now);
    }
  }
  if (!was_up) return;
  if (!was_contending) admit_contender(peer.identity, now);
  if (find(peer.identity) == nullptr) fail_sends_to(peer.identity);
  resend_stranded(now);
  serve_backlog(now);
}

std::string SocketCore::about(const Peer& peer, std::string_view what) const {
  return std::string{what} + " (" + peer.info.endpoint.to_string() + ")";
}

}  // namespace parley::policy
