// How long many things took: a count for each length of time, exact to a percent or two, in memory that does not grow.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley::tool {

class Latencies {
 public:
  void add(std::chrono::nanoseconds span) noexcept {
    ++counts_[index_of(static_cast<std::uint64_t>(std::max<std::int64_t>(span.count(), 0)))];
    ++count_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// So much that this share of them, 0 to 1, took no longer.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      passed += counts_[i];
      if (passed > wanted || (passed == count_ && passed > 0)) return std::chrono::nanoseconds{last_of(i)};
    }
    return {};
  }

 private:
  /// Each power of two in so many parts; what is smaller has a count for each value.
  static constexpr unsigned part_bits = 6;
  static constexpr std::uint64_t part_count = 1U << part_bits;

  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < part_count) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - part_bits - 1;
    return (std::uint64_t{shift} + 1) * part_count + (value >> shift) - part_count;
  }
  static constexpr std::int64_t last_of(std::size_t index) noexcept {
    if (index < part_count) return static_cast<std::int64_t>(index);
    const std::uint64_t shift = index / part_count - 1;
    return static_cast<std::int64_t>(((index % part_count + part_count + 1) << shift) - 1);
  }

  std::array<std::uint64_t, (64 - part_bits) * part_count> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace parley::tool
