// SplitMix64: numbers that look random, from a seed; for choices, not for secrets. Eight bytes of state, where the
// standard library's usual generator has 2.5 KiB.
#pragma once

#include <cstdint>

namespace parley::detail {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) noexcept : state_{seed} {}

  std::uint64_t operator()() noexcept {
    std::uint64_t bits = state_ += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace parley::detail
