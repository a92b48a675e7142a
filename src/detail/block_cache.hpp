// Memory that a thread keeps for what it makes over and over: the handlers of waits, of which a loop makes one for
// every read, and the objects of channels that come and go. Asio's own cache has two blocks a thread for all kinds of
// handlers, and malloc's seven of a size.
#pragma once

#include "detail/thread_kept.hpp"

#include <array>
#include <cstddef>
#include <new>

namespace parley::detail {

/// The blocks of one size that a thread keeps.
template <std::size_t size, std::size_t kept_max>
class BlockCache : public ThreadKept<BlockCache<size, kept_max>> {
 public:
  constexpr BlockCache() noexcept = default;
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  void* take() { return count_ > 0 ? blocks_[--count_] : ::operator new(size); }
  void give_back(void* block) noexcept {
    if (count_ == count_max_) {
      ::operator delete(block);
    } else {
      blocks_[count_++] = block;
    }
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  void end() noexcept {
    count_max_ = 0;
    while (count_ > 0) ::operator delete(blocks_[--count_]);
  }

 private:
  std::array<void*, kept_max> blocks_{};
  std::size_t count_ = 0;
  std::size_t count_max_ = reuses_memory ? kept_max : 0;
};

/// An allocator of small blocks, of whatever is up to their size.
template <class T>
struct SmallBlocks {
  using value_type = T;

  SmallBlocks() noexcept = default;
  template <class U>
  SmallBlocks(const SmallBlocks<U>&) noexcept {}

  T* allocate(std::size_t count) {
    const std::size_t size = count * sizeof(T);
    return static_cast<T*>(size <= block_size ? Cache::of_this_thread().take() : ::operator new(size));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (count * sizeof(T) <= block_size) {
      Cache::of_this_thread().give_back(block);
    } else {
      ::operator delete(block);
    }
  }
  template <class U>
  bool operator==(const SmallBlocks<U>&) const noexcept {
    return true;
  }

 private:
  static constexpr std::size_t block_size = 64;
  using Cache = BlockCache<block_size, 16>;
};

/// A base of T, none of which derives from it: `new T` takes memory of those before, of which a thread keeps so many.
template <class T, std::size_t kept_max>
struct MadeOverAndOver {
  static void* operator new(std::size_t /*size*/) { return cache().take(); }
  static void operator delete(void* memory) noexcept { cache().give_back(memory); }

 private:
  static auto& cache() noexcept {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return BlockCache<sizeof(T), kept_max>::of_this_thread();
  }
};

}  // namespace parley::detail
