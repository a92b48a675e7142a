// Liveness: whether a peer is still there, and whether it hears that this side is (docs/protocols/aiomsg.md section 3).
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <cstdint>

namespace parley::policy {

class Liveness {
 public:
  /// A heartbeat goes out when nothing was sent for `interval`; a peer that was not heard for `silence_max` is taken
  /// for dead. Zero: never.
  Liveness(Duration interval, Duration silence_max, TimePoint now) noexcept
      : interval_{interval}, silence_max_{silence_max}, sent_{now}, heard_{now} {}

  void sent(TimePoint now) noexcept { sent_ = now; }
  void heard(TimePoint now) noexcept { heard_ = now; }
  [[nodiscard]] TimePoint last_heard() const noexcept { return heard_; }

  [[nodiscard]] TimePoint next_deadline() const noexcept {
    return std::min(after(sent_, interval_), after(heard_, silence_max_));
  }

  enum class Verdict : std::uint8_t { well, heartbeat_due, silent };
  [[nodiscard]] Verdict verdict(TimePoint now) const noexcept {
    if (now >= after(heard_, silence_max_)) return Verdict::silent;
    return now >= after(sent_, interval_) ? Verdict::heartbeat_due : Verdict::well;
  }

 private:
  static TimePoint after(TimePoint when, Duration span) noexcept {
    return span == Duration::zero() ? TimePoint::max() : when + span;
  }

  Duration interval_;
  Duration silence_max_;
  TimePoint sent_;
  TimePoint heard_;
};

}  // namespace parley::policy
