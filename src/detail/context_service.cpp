#include "detail/context_service.hpp"

namespace parley::detail {

namespace asio = boost::asio;

namespace {

/// Asking costs a system call each; with more than these, waiting for all at once is cheaper.
constexpr std::size_t polled_max = 8;

}  // namespace

asio::execution_context::id ContextService::id;

ContextService& ContextService::of(const asio::any_io_executor& executor) {
  return asio::use_service<ContextService>(asio::query(executor, asio::execution::context));
}

void ContextService::enroll(ContextMember& member) {
  const std::lock_guard lock{mutex_};
  member.next_ = std::exchange(members_, &member);
  if (member.next_ != nullptr) member.next_->previous_ = &member;
}

void ContextService::withdraw(ContextMember& member) noexcept {
  const std::lock_guard lock{mutex_};
  unlink(member);
}

void ContextService::unlink(ContextMember& member) noexcept {
  if (member.next_ != nullptr) member.next_->previous_ = member.previous_;
  (member.previous_ != nullptr ? member.previous_->next_ : members_) = member.next_;
  member.next_ = member.previous_ = nullptr;
}

DeadlineId ContextService::schedule(const asio::any_io_executor& executor, TimePoint when, ContextMember& member,
                                    std::uint64_t token) {
  const std::lock_guard lock{mutex_};
  // Handlers dropped by the shutdown may own connections, whose destructors come here: a timer made now would outlive
  // Asio's own services.
  if (shut_down_) return {};
  const DeadlineId deadline{when, ++last_serial_};
  deadlines_.emplace(deadline, Entry{member.weak_from_this(), token});
  if (when < armed_for_) arm(executor);
  return deadline;
}

void ContextService::cancel(DeadlineId deadline) noexcept {
  const std::lock_guard lock{mutex_};
  deadlines_.erase(deadline);
  // An armed timer keeps the context running: with nothing left to wait for, it must not.
  if (deadlines_.empty() && timer_) {
    timer_->cancel();
    armed_for_ = TimePoint::max();
  }
}

void ContextService::arm(const asio::any_io_executor& executor) {
  if (!timer_) timer_.emplace(executor);
  armed_for_ = deadlines_.begin()->first.when;
  timer_->expires_at(armed_for_);
  timer_->async_wait([this](const boost::system::error_code& ec) {
    if (!ec) expire();
  });
}

void ContextService::expire() {
  std::vector<Entry> due;
  {
    const std::lock_guard lock{mutex_};
    const TimePoint now = Clock::now();
    while (!deadlines_.empty() && deadlines_.begin()->first.when <= now) {
      due.push_back(std::move(deadlines_.begin()->second));
      deadlines_.erase(deadlines_.begin());
    }
    armed_for_ = TimePoint::max();
    if (!deadlines_.empty()) arm(timer_->get_executor());
  }
  for (const Entry& entry : due) {
    if (const auto member = entry.member.lock()) member->on_deadline(entry.token);
  }
}

bool ContextService::start_polling(Pollable& pollable, std::shared_ptr<void> held) {
  const std::lock_guard lock{mutex_};
  if (pollers_.load() == 0 || polled_.size() >= polled_max) return false;
  polled_.push_back({&pollable, std::move(held)});
  return true;
}

void ContextService::end_polling() {
  std::vector<PolledEntry> polled;
  {
    const std::lock_guard lock{mutex_};
    if (pollers_.fetch_sub(1) > 1) return;
    polled.swap(polled_);
  }
  for (const PolledEntry& entry : polled) entry.pollable->stop_polling();
}

bool ContextService::poll(bool& any_polled) {
  bool busy = false;
  any_polled = false;
  for (std::size_t i = 0;;) {
    PolledEntry entry;
    {
      const std::lock_guard lock{mutex_};
      if (i >= polled_.size()) return busy;
      entry = polled_[i];
    }
    any_polled = true;
    const Pollable::Polled polled = entry.pollable->poll();
    busy |= polled == Pollable::Polled::busy;
    if (polled != Pollable::Polled::gone) {
      ++i;
      continue;
    }
    const std::lock_guard lock{mutex_};
    std::erase_if(polled_, [&](const PolledEntry& each) { return each.pollable == entry.pollable; });
  }
}

void ContextService::shutdown() {
  std::vector<std::shared_ptr<ContextMember>> members;
  std::vector<PolledEntry> polled;
  {
    const std::lock_guard lock{mutex_};
    shut_down_ = true;
    for (ContextMember* next = members_; next != nullptr;) {
      ContextMember& member = *std::exchange(next, next->next_);
      // One that is being destroyed just now withdraws by itself.
      auto held = member.weak_from_this().lock();
      if (!held) continue;
      unlink(member);
      members.push_back(std::move(held));
    }
    deadlines_.clear();
    polled.swap(polled_);
    timer_.reset();
  }
  for (const auto& member : members) member->on_context_shutdown();
}

}  // namespace parley::detail
