// When the next message may go, for those who want so many a second, or so long in between.
#pragma once

#include <parley/time.hpp>

#include <chrono>
#include <optional>

namespace parley::tool {

class Pace {
 public:
  /// No interval: at any time. One that catches up makes up for what it missed lately, so that the rate is right though
  /// sleeping is not exact.
  Pace(std::optional<Duration> interval, bool catches_up) noexcept : interval_{interval}, catches_up_{catches_up} {}

  [[nodiscard]] bool is_set() const noexcept { return interval_.has_value(); }

  /// The moment for the next one, in the past if it is due; the one after that comes an interval later.
  [[nodiscard]] TimePoint next(TimePoint now) noexcept {
    if (!interval_) return now;
    const Duration made_up_for = catches_up_ ? std::chrono::milliseconds{100} : Duration::zero();
    const TimePoint due = due_ < now - made_up_for ? now - made_up_for : due_;
    due_ = due + *interval_;
    return due;
  }

  /// Nothing is made up for yet.
  void begin(TimePoint now) noexcept { due_ = now; }

 private:
  std::optional<Duration> interval_;
  bool catches_up_;
  TimePoint due_{};
};

}  // namespace parley::tool
