#include "detail/biased_mutex.hpp"

#include <sched.h>
#include <time.h>

// The thread sanitizer cannot see what membarrier() orders.
#if defined(__SANITIZE_THREAD__)
#define PARLEY_HAS_MEMBARRIER 0
#elif __has_include(<linux/membarrier.h>)
#define PARLEY_HAS_MEMBARRIER 1
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#define PARLEY_HAS_MEMBARRIER 0
#endif

namespace parley::detail {

namespace {

#if PARLEY_HAS_MEMBARRIER

bool membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

/// A process says beforehand that it is going to ask.
bool register_for_barriers() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }

/// Every thread of this process has passed a full fence when it comes back.
void fence_all_threads() noexcept {
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  register_for_barriers();  // a system that forgets it in a forked child
  membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

#else

bool register_for_barriers() noexcept { return false; }
void fence_all_threads() noexcept {}

#endif

bool can_be_owned() noexcept {
  static const bool can = register_for_barriers();
  return can;
}

}  // namespace

BiasedMutex::BiasedMutex() noexcept : revoked_{!can_be_owned()} {}

void BiasedMutex::lock_slowly() {
  mutex_.lock();
  if (revoked_.load(std::memory_order_relaxed)) return;
  if (owner_.load(std::memory_order_relaxed) != nullptr) {
    revoke();
    return;
  }
  owner_.store(this_thread(), std::memory_order_relaxed);
  held_.store(true, std::memory_order_relaxed);
  mutex_.unlock();
}

void BiasedMutex::revoke() noexcept {
  revoked_.store(true, std::memory_order_relaxed);
  fence_all_threads();
  // The owner is inside, if at all, for a moment; it may be a moment in which it is not scheduled.
  for (int turn = 0; held_.load(std::memory_order_acquire); ++turn) {
    if (turn < 64) {
      ::sched_yield();
    } else {
      const timespec pause{.tv_sec = 0, .tv_nsec = 100'000};
      ::nanosleep(&pause, nullptr);
    }
  }
}

}  // namespace parley::detail
