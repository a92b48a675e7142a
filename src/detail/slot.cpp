#include "detail/slot.hpp"

#include <atomic>
#include <utility>

namespace parley::detail {

/// The slots that nobody lives in. Kept for the life of the process: objects may go from static destructors.
class SlotPool {
 public:
  static SlotPool& instance() {
    static SlotPool* const pool = new SlotPool;
    return *pool;
  }

  Slot& take() {
    const std::lock_guard lock{mutex_};
    if (free_ == nullptr) return *new Slot;
    return *std::exchange(free_, free_->next_free_);
  }
  void give_back(Slot& slot) noexcept {
    const std::lock_guard lock{mutex_};
    slot.next_free_ = std::exchange(free_, &slot);
  }

 private:
  std::mutex mutex_;
  Slot* free_ = nullptr;
};

Slot& Slot::take() { return SlotPool::instance().take(); }

std::uint64_t Slot::let_to(void* object) noexcept {
  static std::atomic<std::uint64_t> last{0};  // never the same number twice: an old lease must not find a new tenant
  const std::uint64_t tenancy = ++last;
  std::unique_lock lock{mutex, std::defer_lock};
  // Nobody can have a lease on a new one. Left alone, its mutex will belong to the thread that uses it first; that is
  // not the one that makes both ends of an in-process connection.
  if (tenancy_ != 0) lock.lock();
  tenancy_ = tenancy;
  object_ = object;
  return tenancy;
}

void Slot::leave() noexcept {
  {
    const std::lock_guard lock{mutex};
    object_ = nullptr;
  }
  SlotPool::instance().give_back(*this);
}

}  // namespace parley::detail
