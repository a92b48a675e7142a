// HighWater: the marks of a queue.
#pragma once

#include "wire/out_queue.hpp"

#include <cstddef>

namespace parley::policy {

struct HighWater {
  std::size_t size_max;
  std::size_t count_max;

  /// Below both marks: another message may be queued, whatever its size.
  [[nodiscard]] bool has_room(std::size_t size, std::size_t count) const noexcept {
    return size < size_max && count < count_max;
  }
  /// So far below that those who wait may go on; if that came at the mark, they would wait after each message.
  [[nodiscard]] bool is_low(std::size_t size, std::size_t count) const noexcept {
    return size <= size_max / 2 && count <= count_max / 2;
  }
  [[nodiscard]] bool has_room(const detail::OutQueue& queue) const noexcept {
    return has_room(queue.size(), queue.message_count());
  }
  [[nodiscard]] bool is_low(const detail::OutQueue& queue) const noexcept {
    return is_low(queue.size(), queue.message_count());
  }
};

}  // namespace parley::policy
