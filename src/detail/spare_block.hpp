// SpareBlock: the block that a thread freed last, for its next body of about that size.
//
// Who makes, sends and drops messages one by one needs no more, and malloc's own fast path ends just below a body of
// 1 KiB with its header.
#pragma once

#include "detail/thread_kept.hpp"

#include <cstddef>
#include <new>
#include <utility>

namespace parley::detail {

class SpareBlock : public ThreadKept<SpareBlock> {
 public:
  constexpr SpareBlock() noexcept = default;
  SpareBlock(const SpareBlock&) = delete;
  SpareBlock& operator=(const SpareBlock&) = delete;

  /// Whether bodies of this size are worth it.
  static constexpr bool keeps(std::size_t size) noexcept {
    return reuses_memory && size >= size_min && size <= size_max;
  }

  /// Null: there is none that is large enough, and not much larger.
  void* take(std::size_t size) noexcept {
    if (size_ < size || size_ - size > size / 4 || memory_ == nullptr) return nullptr;
    return std::exchange(memory_, nullptr);
  }

  /// A block of `operator new` for a body of that size.
  void give_back(void* memory, std::size_t size) noexcept {
    if (has_ended_) return ::operator delete(memory);
    ::operator delete(std::exchange(memory_, memory));
    size_ = size;
  }

  void end() noexcept {
    has_ended_ = true;
    ::operator delete(std::exchange(memory_, nullptr));
  }

 private:
  static constexpr std::size_t size_min = 1000;
  static constexpr std::size_t size_max = 8 * 1024;

  void* memory_ = nullptr;
  std::size_t size_ = 0;
  bool has_ended_ = false;
};

}  // namespace parley::detail
