// The time as of the system's last tick, some milliseconds ago at most, for a fraction of what Clock::now() costs.
#pragma once

#include <parley/time.hpp>

#include <chrono>
#include <ctime>

namespace parley::detail {

inline TimePoint coarse_now() noexcept {
#if defined(__linux__)
  // The same clock as std::chrono::steady_clock's.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return TimePoint{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
#else
  return Clock::now();
#endif
}

}  // namespace parley::detail
