// Spans that are added to points in time: options may ask for any, and mean "never" by the longest that there is.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <chrono>

namespace parley::detail {

/// As good as never, and far from where adding to the time overflows.
inline constexpr std::chrono::hours longest_time{24 * 365 * 100};

template <class Span>
[[nodiscard]] constexpr Duration at_most_longest(Span span) noexcept {
  return span >= longest_time ? Duration{longest_time} : std::chrono::duration_cast<Duration>(span);
}

}  // namespace parley::detail
