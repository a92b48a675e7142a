// Random bits of the system's, for what nobody else may have or foresee.
#pragma once

#include <cstdint>
#include <random>

namespace parley::detail {

inline std::uint64_t random_bits() {
  static thread_local std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace parley::detail
