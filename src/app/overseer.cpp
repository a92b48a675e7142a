#include "app/overseer.hpp"

#include "app/peer_state.hpp"

#include <utility>

namespace parley::app::detail {

using parley::detail::ContextService;

Overseer::Overseer(boost::asio::any_io_executor executor)
    : executor_{std::move(executor)}, context_{&ContextService::of(executor_)} {
  context_->enroll(*this);
}

Overseer::~Overseer() {
  if (context_ == nullptr) return;
  if (armed_.is_set()) context_->cancel(armed_);
  context_->withdraw(*this);
}

void Overseer::add_peer(const std::shared_ptr<PeerState>& peer, const SilenceRules& rules, TimePoint now) {
  const std::lock_guard lock{mutex_};
  ++peer_count_;
  if (rules.any()) add_locked(Silence::first_look(rules, now), {peer, Silence{now}});
}

void Overseer::watch_classification(const std::shared_ptr<PeerState>& peer, TimePoint deadline) {
  const std::lock_guard lock{mutex_};
  add_locked(deadline, {peer, std::nullopt});
}

void Overseer::forget_peer() {
  const std::lock_guard lock{mutex_};
  if (--peer_count_ == 0) {
    looks_.clear();
  } else if (++gone_count_ > 64 && gone_count_ >= looks_.size() / 2) {
    looks_.retain([](const Look& look) { return !look.peer.expired(); });
  } else {
    return;
  }
  gone_count_ = 0;
  arm_locked();
}

void Overseer::on_deadline(std::uint64_t /*token*/) {
  std::unique_lock lock{mutex_};
  armed_ = {};
  const TimePoint now = Clock::now();
  while (auto look = looks_.take_due(now)) {
    const auto peer = look->peer.lock();
    if (!peer) continue;
    lock.unlock();
    std::optional<TimePoint> next;
    if (look->silence) {
      next = peer->look_at_silence(*look->silence, now);
    } else {
      peer->look_at_classification();
    }
    lock.lock();
    if (next) add_locked(*next, std::move(*look));
  }
  arm_locked();
}

void Overseer::on_context_shutdown() noexcept {
  policy::DeadlineHeap<Look> looks;
  const std::lock_guard lock{mutex_};
  context_ = nullptr;
  std::swap(looks, looks_);
}

void Overseer::add_locked(TimePoint when, Look look) {
  looks_.add(when, std::move(look));
  arm_locked();
}

void Overseer::arm_locked() {
  if (context_ == nullptr) return;
  const std::optional<TimePoint> next = looks_.next();
  if (next && armed_.is_set() && armed_.when <= *next) return;  // it is early: then it is set anew
  if (armed_.is_set()) context_->cancel(armed_);
  armed_ = next ? context_->schedule(executor_, *next, *this, 1) : parley::detail::DeadlineId{};
}

}  // namespace parley::app::detail
