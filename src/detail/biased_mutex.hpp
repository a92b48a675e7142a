// BiasedMutex: a mutex that costs next to nothing as long as one thread uses it, as the thread of an event loop does
// with its connections. Two locked instructions a message, and the emptying of the store buffer that each brings, would
// be a tenth and more of what a small message costs.
//
// The first thread to lock it owns it, and announces itself by plain stores. The first lock by another thread revokes
// that for good: membarrier() makes the owner's stores so far seen and the revocation seen by the owner, once, at the
// price of an interrupt; from then on all lock an ordinary mutex. Where the kernel has no membarrier() it is an
// ordinary mutex from the beginning.
//
// Invariant: whoever is inside either is the owner, with held_ set, or has mutex_ with revoked_ set and held_ seen
// clear. Only the owner writes held_.
#pragma once

#include "detail/this_thread.hpp"

#include <atomic>
#include <mutex>

namespace parley::detail {

class BiasedMutex {
 public:
  BiasedMutex() noexcept;
  BiasedMutex(const BiasedMutex&) = delete;
  BiasedMutex& operator=(const BiasedMutex&) = delete;

  void lock() {
    if (!lock_as_owner()) [[unlikely]]
      lock_slowly();
  }
  void unlock() {
    if (is_owner() && held_.load(std::memory_order_relaxed)) [[likely]] {
      held_.store(false, std::memory_order_release);
    } else {
      mutex_.unlock();
    }
  }

 private:
  [[nodiscard]] bool is_owner() const noexcept { return owner_.load(std::memory_order_relaxed) == this_thread(); }
  bool lock_as_owner() noexcept {
    if (!is_owner()) [[unlikely]]
      return false;
    held_.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // membarrier() makes a fence of it when one is needed
    if (!revoked_.load(std::memory_order_relaxed)) [[likely]]
      return true;
    held_.store(false, std::memory_order_release);
    return false;
  }
  void lock_slowly();
  void revoke() noexcept;

  std::atomic<const void*> owner_{nullptr};  // set once, with mutex_ held
  std::atomic<bool> held_{false};
  std::atomic<bool> revoked_;
  std::mutex mutex_;
};

}  // namespace parley::detail
