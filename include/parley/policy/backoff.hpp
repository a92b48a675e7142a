// When to dial again.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

namespace parley {

/// How long to wait before dialling an endpoint again. `failures`: how often it has failed in a row, from 1; a
/// connection that was lost counts as the first. `random`: fresh random bits.
using Backoff = std::function<Duration(unsigned failures, std::uint64_t random)>;

/// The first retry comes fast, as most losses are restarts. From the second on: a random time between `first` and a
/// bound that doubles with each failure, so that many who lost the same peer do not come back all at once.
struct ExponentialBackoff {
  Duration first = std::chrono::milliseconds{50};  ///< before the first retry, and the least before any
  Duration base = std::chrono::milliseconds{200};  ///< the bound for the second
  Duration max = std::chrono::seconds{10};         ///< which the bound never passes

  /// See Backoff.
  Duration operator()(unsigned failures, std::uint64_t random) const noexcept {
    if (failures <= 1) return first;
    const unsigned doublings = std::min(failures - 2, 30U);
    const Duration bound = base > max / (Duration::rep{1} << doublings) ? max : base * (Duration::rep{1} << doublings);
    if (bound <= first) return first;
    const auto span = static_cast<std::uint64_t>((bound - first).count()) + 1;
    return first + Duration{static_cast<Duration::rep>(random % span)};
  }
};

}  // namespace parley
