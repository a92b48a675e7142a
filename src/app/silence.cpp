#include "app/silence.hpp"

#include <algorithm>
#include <chrono>

namespace parley::app::detail {
namespace {

/// What was told of whole is not looked at more often than that, whatever its times are.
constexpr std::chrono::milliseconds pause_min{10};

}  // namespace

TimePoint Silence::first_look(const SilenceRules& rules, TimePoint now) {
  TimePoint first = rules.tell_after.empty() ? TimePoint::max() : now + rules.tell_after.front();
  if (rules.silence_max > Duration{0}) first = std::min(first, now + rules.silence_max);
  return first;
}

Silence::Due Silence::look(const SilenceRules& rules, const Seen& seen, TimePoint now) {
  Due due;
  const TimePoint heard_at = seen.is_at_work ? now : seen.heard_at;
  if (heard_at != heard_at_) {
    heard_at_ = heard_at;
    told_count_ = 0;
  }
  if (!seen.has_queued || seen.written != written_) moved_at_ = now;
  written_ = seen.written;

  due.tell_begin = told_count_;
  while (told_count_ < rules.tell_after.size() && heard_at_ + rules.tell_after[told_count_] <= now) ++told_count_;
  due.tell_end = told_count_;
  if (told_count_ < rules.tell_after.size()) {
    due.next = heard_at_ + rules.tell_after[told_count_];
  } else if (told_count_ > 0) {
    // All is told. Should something come from now on, no new silence lasts long enough before that.
    due.next = now + std::max<Duration>(rules.tell_after.front(), pause_min);
  }
  if (rules.silence_max <= Duration{0}) return due;
  if (moved_at_ + rules.silence_max <= now) {
    due.over = Over::too_slow;
  } else if (heard_at_ + rules.silence_max <= now) {
    due.over = Over::silent;
  }
  due.next = std::min({due.next, heard_at_ + rules.silence_max, moved_at_ + rules.silence_max});
  return due;
}

}  // namespace parley::app::detail
