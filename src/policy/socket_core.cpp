#include "policy/socket_core.hpp"

#include <utility>

namespace parley::policy {

using boost::system::error_code;

namespace {

SocketOptions checked(SocketOptions options) {
  check(options);
  return options;
}

}  // namespace

SocketCore::SocketCore(SocketOptions options, const Identity& self, std::uint64_t seed)
    : options_{checked(std::move(options))},
      self_{options_.identity.value_or(self)},
      marks_{options_.send_high_water_size, options_.send_high_water_count},
      backoff_{options_.backoff ? options_.backoff : Backoff{ExponentialBackoff{}}},
      random_{seed},
      duplicates_{options_.duplicates_max, random_()},
      outstanding_{random_()} {}

SocketCore::~SocketCore() = default;

// --- time ------------------------------------------------------------------------------------------------------------

void SocketCore::expire(TimePoint now) {
  while (const std::optional<Due> due = deadlines_.take_due(now)) {
    std::visit([&](const auto& what) { on_due(what, now); }, *due);
  }
}

void SocketCore::on_due(LivenessDue due, TimePoint now) {
  Peer* const peer = find(due.link);
  if (peer == nullptr) return;
  if (!takes_bytes(*peer)) peer->liveness.heard(now);  // it is this side that does not listen
  switch (peer->liveness.verdict(now)) {
    case Liveness::Verdict::silent:
      cut(*peer, error::peer_silent,
          about(*peer, "nothing was heard of the peer for " + std::to_string(options_.silence_max.count()) + " ms"),
          now);
      return;
    case Liveness::Verdict::heartbeat_due:
      if (peer->out.empty()) append_control(*peer, wire::PeerFrameKind::heartbeat, {});
      peer->liveness.sent(now);
      break;
    case Liveness::Verdict::well: break;
  }
  deadlines_.add(peer->liveness.next_deadline(), due);
}

void SocketCore::on_due(GreetingDue due, TimePoint now) {
  Peer* const peer = find(due.link);
  if (peer == nullptr || peer->state != Peer::State::greeting) return;
  refuse(*peer, error::timed_out,
         about(*peer, "the peer had not greeted within " + std::to_string(options_.greeting_time_max.count()) + " ms"),
         now);
}

void SocketCore::on_due(ContentionOver due, TimePoint now) {
  Peer* const peer = find(due.link);
  if (peer == nullptr || peer->state != Peer::State::contending) return;
  refuse(*peer, error::duplicate_identity,
         about(*peer, "a peer with the identity " + peer->identity.to_string() + " is connected already"), now);
}

void SocketCore::on_due(DialDue due, TimePoint /*now*/) {
  if (find_dialler(due.dialler) == nullptr) return;
  actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::dial, .dialler = due.dialler});
}

void SocketCore::on_due(ResendDue, TimePoint now) { resend_due(now); }

void SocketCore::on_due(ExpiryDue, TimePoint now) { expire_backlog(now); }

void SocketCore::on_written(LinkId link, TimePoint now) {
  Peer* const peer = find(link);
  if (peer == nullptr) return;
  peer->liveness.sent(now);
  if (!marks_.is_low(peer->out)) return;
  if (!backlog_.empty()) serve_backlog(now);
  if (outstanding_.first_stranded()) resend_stranded(now);
}

// --- outputs ---------------------------------------------------------------------------------------------------------

std::optional<SocketAction> SocketCore::next_action() {
  over_.clear();
  if (!actions_.empty()) return actions_.take_front();
  while (!dirty_.empty()) {
    Peer* const peer = find(dirty_.take_front());
    if (peer == nullptr) continue;
    peer->is_dirty = false;
    return SocketAction{.kind = SocketAction::Kind::flush, .link = peer->id};
  }
  unflushed_size_ = 0;
  return std::nullopt;
}

std::optional<SocketCompletion> SocketCore::next_completion() {
  if (completions_.empty()) return std::nullopt;
  return completions_.take_front();
}

// --- closing ---------------------------------------------------------------------------------------------------------

void SocketCore::begin_closing(error_code aborted) {
  if (std::exchange(is_closing_, true)) return;
  for (std::size_t i = 0; i < backlog_.count();) {
    if (backlog_[i].waits == 0) {
      ++i;
    } else {
      cancel_send(backlog_[i].waits, aborted);
    }
  }
}

bool SocketCore::is_drained() const noexcept {
  if (!backlog_.empty() || outstanding_.count() > 0) return false;
  for (const Peer* peer : up_) {
    if (!peer->out.empty()) return false;
  }
  return true;
}

SocketRemains SocketCore::finish_closing(error_code aborted) {
  begin_closing(aborted);
  SocketRemains remains = lost_while_closing_;
  remains.unsent_count += backlog_.kept_count();
  remains.unacknowledged_count += outstanding_.count();
  const bool is_orderly = is_drained();
  for (const Dialler& dialler : diallers_) {
    actions_.emplace_back(SocketAction{.kind = SocketAction::Kind::stop_dialling, .dialler = dialler.id});
  }
  diallers_.clear();
  for (const auto& slot : slots_) {
    if (slot == nullptr) continue;
    if (options_.delivery == Delivery::at_most_once && slot->is_up()) remains.unsent_count += slot->out.message_count();
    const auto kind = is_orderly && slot->is_up() ? SocketAction::Kind::finish_link : SocketAction::Kind::close_link;
    actions_.emplace_back(SocketAction{.kind = kind, .link = slot->id});
  }
  up_.clear();
  by_identity_.clear();
  slots_.clear();
  to_take_.clear();
  takes_from_ = nullptr;
  while (!backlog_.empty()) {
    const PendingMessage left = backlog_.take(0);
    if (left.settings.confirms != 0) complete(left.settings.confirms, aborted);
  }
  outstanding_.for_each([&](const OutstandingMessage& left) {
    if (left.operation != 0) complete(left.operation, aborted);
  });
  outstanding_.clear();
  deadlines_.clear();
  return remains;
}

}  // namespace parley::policy
