// Copies of few bytes, without a call.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace parley::detail {

/// Copies up to 64 bytes by at most two moves of a fixed size, which overlap where the size is none of those.
inline void copy_small(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  const auto both_ends = [&](auto move_size) {
    std::byte head[move_size];
    std::byte tail[move_size];
    std::memcpy(head, from, move_size);
    std::memcpy(tail, from + size - move_size, move_size);
    std::memcpy(to, head, move_size);
    std::memcpy(to + size - move_size, tail, move_size);
  };
  if (size >= 32) {
    both_ends(std::integral_constant<std::size_t, 32>{});
  } else if (size >= 16) {
    both_ends(std::integral_constant<std::size_t, 16>{});
  } else if (size >= 8) {
    both_ends(std::integral_constant<std::size_t, 8>{});
  } else if (size >= 4) {
    both_ends(std::integral_constant<std::size_t, 4>{});
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

/// Copies 64 bytes, which must not overlap. Of a memcpy of that size GCC makes a `rep movs` where it takes the code for
/// cold, as it takes most of a coroutine: that costs ten times as much.
inline void copy_64(std::byte* to, const std::byte* from) noexcept {
  std::byte parts[4][16];
  std::memcpy(parts[0], from, 16);
  std::memcpy(parts[1], from + 16, 16);
  std::memcpy(parts[2], from + 32, 16);
  std::memcpy(parts[3], from + 48, 16);
  std::memcpy(to, parts[0], 16);
  std::memcpy(to + 16, parts[1], 16);
  std::memcpy(to + 32, parts[2], 16);
  std::memcpy(to + 48, parts[3], 16);
}

}  // namespace parley::detail
