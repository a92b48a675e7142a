// The checksum at the end of a zlib stream (RFC 1950, section 8).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::app::detail {

inline std::uint32_t adler32(std::span<const std::byte> bytes) noexcept {
  constexpr std::uint32_t modulus = 65521;
  // As many bytes as cannot make the sums overflow before they are reduced.
  constexpr std::size_t run_max = 5552;
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  while (!bytes.empty()) {
    const std::size_t run = std::min(run_max, bytes.size());
    for (const std::byte each : bytes.first(run)) {
      low += std::to_integer<std::uint32_t>(each);
      high += low;
    }
    low %= modulus;
    high %= modulus;
    bytes = bytes.subspan(run);
  }
  return high << 16 | low;
}

}  // namespace parley::app::detail
