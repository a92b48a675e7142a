// RateLimit: so many at once, and so many more each second.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley::wire {

class RateLimit {
 public:
  RateLimit(std::uint32_t burst, std::uint32_t per_second) noexcept
      : burst_{static_cast<double>(burst)}, per_second_{static_cast<double>(per_second)}, left_{burst_} {}

  /// One more; false: that is one too many.
  [[nodiscard]] bool take(TimePoint now) noexcept {
    if (now > last_) {
      const double seconds = std::chrono::duration<double>(now - last_).count();
      left_ = std::min(burst_, left_ + seconds * per_second_);
      last_ = now;
    }
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double burst_;
  double per_second_;
  double left_;
  TimePoint last_{};
};

}  // namespace parley::wire
