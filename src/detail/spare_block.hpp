// SpareBlock: the block that a thread freed last, for its next body of about that size.
//
// Who makes, sends and drops messages one by one needs no more, and malloc's own fast path ends just below a body of
// 1 KiB with its header.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace parley::detail {

// Under the address sanitizer what is used after it was freed should show.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool reuses_blocks = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool reuses_blocks = false;
#else
inline constexpr bool reuses_blocks = true;
#endif
#else
inline constexpr bool reuses_blocks = true;
#endif

class SpareBlock {
 public:
  SpareBlock() noexcept = default;
  SpareBlock(const SpareBlock&) = delete;
  SpareBlock& operator=(const SpareBlock&) = delete;
  ~SpareBlock() {
    ::operator delete(memory_);
    memory_ = nullptr;
    size_ = gone;
  }

  static SpareBlock& of_this_thread() noexcept {
    static thread_local SpareBlock spare;
    return spare;
  }

  /// Whether bodies of this size are worth it.
  static constexpr bool keeps(std::size_t size) noexcept {
    return reuses_blocks && size >= size_min && size <= size_max;
  }

  /// Null: there is none that is large enough, and not much larger.
  void* take(std::size_t size) noexcept {
    if (size_ < size || size_ - size > size / 4 || memory_ == nullptr) return nullptr;
    return std::exchange(memory_, nullptr);
  }

  /// A block of `operator new` for a body of that size.
  void give_back(void* memory, std::size_t size) noexcept {
    if (size_ == gone) return ::operator delete(memory);  // messages may go later than the thread's variables
    ::operator delete(std::exchange(memory_, memory));
    size_ = size;
  }

 private:
  static constexpr std::size_t size_min = 1000;
  static constexpr std::size_t size_max = 8 * 1024;
  static constexpr std::size_t gone = ~std::size_t{0};

  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace parley::detail
