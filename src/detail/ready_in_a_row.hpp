// ReadyInARow: whether a coroutine whose operations never have to wait should suspend all the same, so that the others
// of its loop have their turn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace parley::detail {

class ReadyInARow {
 public:
  /// One more operation has ended without waiting, and has moved `size` bytes. True: it is the others' turn.
  [[nodiscard]] bool is_due(std::size_t size) noexcept {
    count_ += 1 + static_cast<std::uint32_t>(std::min<std::size_t>(size / size_of_one, count_max));
    if (count_ < count_max) [[likely]]
      return false;
    count_ = 0;
    return true;
  }
  /// One had to wait.
  void reset() noexcept { count_ = 0; }

 private:
  // Either takes some 100 us: that many small messages, or half a MiB of large ones.
  static constexpr std::uint32_t count_max = 2048;
  static constexpr std::size_t size_of_one = 256;

  std::uint32_t count_ = 0;  // small: each connection has one
};

/// Connections and channels that are opened and accepted without waiting, in bytes that take as long to move.
inline constexpr std::size_t size_as_long_as_opening = 2048;

}  // namespace parley::detail
