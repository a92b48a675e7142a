// A first-in, first-out queue in one block of memory: grows by doubling, never allocates while it stays within it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace parley::detail {

template <class T>
class Ring {
 public:
  Ring() noexcept = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  Ring(Ring&& other) noexcept { swap(other); }
  Ring& operator=(Ring&& other) noexcept {
    Ring{std::move(other)}.swap(*this);
    return *this;
  }
  ~Ring() {
    clear();
    release_memory();
  }

  void swap(Ring& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return slots_[(head_ + i) & (capacity_ - 1)]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return slots_[(head_ + i) & (capacity_ - 1)]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) grow();
    T* slot = std::construct_at(slots_ + ((head_ + size_) & (capacity_ - 1)), std::forward<Args>(args)...);
    ++size_;
    return *slot;
  }
  template <class... Args>
  T& emplace_front(Args&&... args) {
    if (size_ == capacity_) grow();
    const std::uint32_t head = (head_ - 1) & (capacity_ - 1);
    std::construct_at(slots_ + head, std::forward<Args>(args)...);
    head_ = head;
    ++size_;
    return slots_[head];
  }
  void pop_front() noexcept {
    std::destroy_at(slots_ + head_);
    --size_;
    // An empty ring starts over, so that one that is emptied often keeps to the memory it has just used.
    head_ = size_ == 0 ? 0 : (head_ + 1) & (capacity_ - 1);
  }
  T take_front() {
    T value = std::move(front());
    pop_front();
    return value;
  }
  /// Keeps the order of the rest; linear in how far the nearer end is.
  T take(std::size_t index) {
    T value = std::move((*this)[index]);
    if (index < size_ / 2) {
      for (std::size_t i = index; i > 0; --i) (*this)[i] = std::move((*this)[i - 1]);
      pop_front();
      return value;
    }
    for (std::size_t i = index; i + 1 < size_; ++i) (*this)[i] = std::move((*this)[i + 1]);
    std::destroy_at(&back());
    --size_;
    return value;
  }
  void clear() noexcept {
    while (!empty()) pop_front();
  }
  /// Empty queues only: gives the memory back when it is larger than `keep` elements.
  void shrink(std::size_t keep) noexcept {
    if (empty() && capacity_ > keep) release_memory();
  }

 private:
  void grow() {
    // Most rings never hold more than one: a wait that is pending.
    const std::uint32_t capacity = capacity_ == 0 ? 1 : capacity_ * 2;
    T* slots = std::allocator<T>{}.allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(slots + i, std::move((*this)[i]));
      std::destroy_at(&(*this)[i]);
    }
    release_memory();
    slots_ = slots;
    capacity_ = capacity;
  }
  void release_memory() noexcept {
    if (slots_ != nullptr) std::allocator<T>{}.deallocate(slots_, capacity_);
    slots_ = nullptr;
    capacity_ = 0;
    head_ = 0;
  }

  T* slots_ = nullptr;
  // Of 32 bits, as an idle connection has several rings. What they queue is bounded far below that.
  std::uint32_t capacity_ = 0;  // a power of two, or zero
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace parley::detail
