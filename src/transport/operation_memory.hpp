// Memory for one pending operation at a time, used again and again: a stream waits once for every read, and Asio's own
// cache is shared by too many kinds of operation to have a block for it each time.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace parley::transport {

/// Not for two threads at once; an operation gives its memory back before its handler runs.
class OperationMemory {
 public:
  OperationMemory() noexcept = default;
  OperationMemory(const OperationMemory&) = delete;
  OperationMemory& operator=(const OperationMemory&) = delete;
  ~OperationMemory() { ::operator delete(block_); }

  void* take(std::size_t size) {
    if (block_ == nullptr || size > size_) return ::operator new(size);
    return std::exchange(block_, nullptr);
  }
  void give_back(void* block, std::size_t size) noexcept {
    if (block_ != nullptr) {
      ::operator delete(block);
      return;
    }
    block_ = block;
    size_ = size;
  }

 private:
  void* block_ = nullptr;  // when it is not in use
  std::size_t size_ = 0;
};

/// An operation may outlive the stream that started it, hence the shared ownership.
template <class T>
class OperationAllocator {
 public:
  using value_type = T;

  explicit OperationAllocator(std::shared_ptr<OperationMemory> memory) noexcept : memory_{std::move(memory)} {}
  template <class U>
  OperationAllocator(const OperationAllocator<U>& other) noexcept : memory_{other.memory()} {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(memory_->take(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept { memory_->give_back(block, count * sizeof(T)); }

  [[nodiscard]] const std::shared_ptr<OperationMemory>& memory() const noexcept { return memory_; }
  template <class U>
  bool operator==(const OperationAllocator<U>& other) const noexcept {
    return memory_ == other.memory();
  }

 private:
  std::shared_ptr<OperationMemory> memory_;
};

}  // namespace parley::transport
