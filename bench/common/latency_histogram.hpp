#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// Counts of durations in nanoseconds, in buckets that are at most 0.4 % wide: exact below 256 ns, then 256 buckets
/// for each factor of two. Its memory is taken at construction, so that recording costs no page fault in the window.
class LatencyHistogram {
 public:
  LatencyHistogram() : buckets_((65 - steps_log2) * steps) {}

  void record(std::int64_t ns) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    ++buckets_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void clear() noexcept {
    std::fill(buckets_.begin(), buckets_.end(), 0);
    count_ = max_ = 0;
  }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }

  /// The smallest bucket bound that at least `fraction` of the durations do not pass; 0 when there are none.
  std::uint64_t quantile(double fraction) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return std::min(lower_bound_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned steps_log2 = 8;
  static constexpr std::size_t steps = std::size_t{1} << steps_log2;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < steps) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - steps_log2 - 1;
    return (shift + 1) * steps + ((value >> shift) - steps);
  }

  static std::uint64_t lower_bound_of(std::size_t bucket) noexcept {
    if (bucket < steps) return bucket;
    const auto shift = bucket / steps - 1;
    return (bucket % steps + steps) << shift;
  }

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
