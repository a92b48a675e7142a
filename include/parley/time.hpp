// The clock of the library, and the point at which a wait gives up.
//
// Everything that waits takes a Deadline: a point in time, or a span counted from the moment the Deadline is made.
#pragma once

#include <chrono>

namespace parley {

/// Monotonic: what changes the wall clock changes no deadline.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// When a wait ends with `error::timed_out`. Made from a time point, or from a duration that starts to run at
/// construction.
class Deadline {
 public:
  /// Never: the wait has no limit of its own.
  constexpr Deadline() noexcept = default;

  /// At this point in time; one that has passed makes a wait end at once, unless there is something to give.
  constexpr Deadline(TimePoint when) noexcept : when_{when} {}  // NOLINT(google-explicit-constructor)

  /// From now on; a span too long for the clock means never.
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> span)  // NOLINT(google-explicit-constructor)
      : when_{after(std::chrono::duration<double>(span), [&] { return std::chrono::duration_cast<Duration>(span); })} {}

  /// As a default-made one.
  static constexpr Deadline never() noexcept { return {}; }

  /// Whether there is no limit, and else where it is.
  [[nodiscard]] constexpr bool is_never() const noexcept { return when_ == TimePoint::max(); }
  [[nodiscard]] constexpr TimePoint when() const noexcept { return when_; }

 private:
  template <class Cast>
  static TimePoint after(std::chrono::duration<double> seconds, Cast exact) {
    const TimePoint now = Clock::now();
    if (seconds >= std::chrono::duration<double>(TimePoint::max() - now) - std::chrono::seconds{1})
      return TimePoint::max();
    return now + exact();
  }

  TimePoint when_ = TimePoint::max();
};

}  // namespace parley
