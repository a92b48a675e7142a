// Slot: a lock, and the objects that live behind it: connections, sockets. Slots are never freed, only used again, so
// whoever has a Lease may always ask whether its object is still there.
//
// That is what an awaitable holds: it may be started long after the handle has gone, but hardly ever is, and to count
// it as a holder of the object would be a fourteenth of what a small message costs.
#pragma once

#include "detail/biased_mutex.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

namespace parley::detail {

class Slot {
 public:
  /// One that nobody lives in. Any thread.
  [[nodiscard]] static Slot& take();

  BiasedMutex mutex;

  // With the mutex held.

  /// The tenancy under which `object` is found from now on; at most two at a time (both ends of an in-process pair).
  [[nodiscard]] std::uint64_t let_to(void* object) noexcept;
  /// Not found any more.
  void retire(std::uint64_t tenancy) noexcept;
  [[nodiscard]] void* find(std::uint64_t tenancy) const noexcept {
    for (const Tenant& tenant : tenants_) {
      if (tenant.tenancy == tenancy) return tenant.object;
    }
    return nullptr;
  }

  /// One of those it was let to has gone; the last one's going frees the slot for others. Mutex not held.
  void leave(std::uint64_t tenancy) noexcept;

 private:
  friend class SlotPool;

  struct Tenant {
    std::uint64_t tenancy = 0;
    void* object = nullptr;
  };

  std::array<Tenant, 2> tenants_;
  std::uint32_t count_ = 0;
  Slot* next_free_ = nullptr;
};

/// Names an object that may have gone meanwhile.
template <class T>
struct Lease {
  Slot* slot;
  std::uint64_t tenancy;

  /// With slot->mutex held: the object, or null when its handle has gone.
  [[nodiscard]] T* find() const noexcept { return static_cast<T*>(slot->find(tenancy)); }
};

/// The object's side of its lease.
template <class T>
class Tenancy {
 public:
  Tenancy(Slot& slot, T& object) : lease_{&slot, 0} {
    const std::lock_guard lock{slot.mutex};
    lease_.tenancy = slot.let_to(&object);
  }
  Tenancy(const Tenancy&) = delete;
  Tenancy& operator=(const Tenancy&) = delete;
  ~Tenancy() { lease_.slot->leave(lease_.tenancy); }

  [[nodiscard]] const Lease<T>& lease() const noexcept { return lease_; }
  /// Mutex held: leases lead nowhere from now on.
  void retire() noexcept { lease_.slot->retire(lease_.tenancy); }

 private:
  Lease<T> lease_;
};

}  // namespace parley::detail
