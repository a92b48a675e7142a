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
  tenants_[tenants_[0].tenancy == 0 ? 0 : 1] = {tenancy, object};
  ++count_;
  return tenancy;
}

void Slot::retire(std::uint64_t tenancy) noexcept {
  for (Tenant& tenant : tenants_) {
    if (tenant.tenancy == tenancy) tenant.object = nullptr;
  }
}

void Slot::leave(std::uint64_t tenancy) noexcept {
  {
    const std::lock_guard lock{mutex};
    for (Tenant& tenant : tenants_) {
      if (tenant.tenancy == tenancy) tenant = {};
    }
    if (--count_ > 0) return;
  }
  SlotPool::instance().give_back(*this);
}

}  // namespace parley::detail
