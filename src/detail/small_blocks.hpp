// SmallBlocks: an allocator for the handlers of waits, of which a loop makes one for every read. Asio's own cache has
// two blocks a thread for all kinds of handlers.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace parley::detail {

/// The blocks that a thread keeps.
class SmallBlockCache {
 public:
  static constexpr std::size_t block_size = 64;

  SmallBlockCache() noexcept = default;
  SmallBlockCache(const SmallBlockCache&) = delete;
  SmallBlockCache& operator=(const SmallBlockCache&) = delete;
  ~SmallBlockCache() {
    while (count_ > 0) ::operator delete(blocks_[--count_]);
    count_max_ = 0;  // handlers may go later still, with what the program holds to its very end
  }

  static SmallBlockCache& of_this_thread() noexcept {
    static thread_local SmallBlockCache cache;
    return cache;
  }

  void* take() { return count_ > 0 ? blocks_[--count_] : ::operator new(block_size); }
  void give_back(void* block) noexcept {
    if (count_ == count_max_) {
      ::operator delete(block);
    } else {
      blocks_[count_++] = block;
    }
  }

 private:
  std::array<void*, 16> blocks_{};
  std::size_t count_ = 0;
  std::size_t count_max_ = blocks_.size();
};

template <class T>
struct SmallBlocks {
  using value_type = T;

  SmallBlocks() noexcept = default;
  template <class U>
  SmallBlocks(const SmallBlocks<U>&) noexcept {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    return static_cast<T*>(size <= SmallBlockCache::block_size ? SmallBlockCache::of_this_thread().take()
                                                               : ::operator new(size));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (count * sizeof(T) <= SmallBlockCache::block_size) {
      SmallBlockCache::of_this_thread().give_back(block);
    } else {
      ::operator delete(block);
    }
  }
  template <class U>
  bool operator==(const SmallBlocks<U>&) const noexcept {
    return true;
  }
};

}  // namespace parley::detail
