// The reference-counted memory behind a Message that is not inline.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace parley::detail {

/// Header of a shared block. Whoever makes one says how it is destroyed (freed, returned to a pool, a vector dropped).
class SharedBytes {
 public:
  using Destroy = void (*)(SharedBytes*) noexcept;

  SharedBytes(Destroy destroy, std::size_t size) noexcept : block_size{size}, destroy_{destroy} {}
  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  /// Not inline: what holds a reference rarely goes with one in it, and its destructor is everywhere.
  [[gnu::noinline]] void drop_reference() noexcept {
    // The last holder needs no atomic decrement: nobody else can add a reference any more.
    if (is_unique() || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy_(this);
  }
  /// Nobody but the caller holds a reference.
  [[nodiscard]] bool is_unique() const noexcept { return references_.load(std::memory_order_acquire) == 1; }
  /// For an owner that hands the block out anew from a pool.
  void reset_references() noexcept { references_.store(1, std::memory_order_relaxed); }

  const std::size_t block_size;  ///< bytes kept alive

 protected:
  ~SharedBytes() = default;

 private:
  std::atomic<std::uint32_t> references_{1};
  Destroy destroy_;
};

}  // namespace parley::detail
