// Slot: a lock, and the object that lives behind it: a connection, a socket. Slots are never freed, only used again, so
// whoever has a Lease may always ask whether its object is still there.
//
// That is what an awaitable holds: it may be started long after the handle has gone, but hardly ever is, and to count
// it as a holder of the object would be a fourteenth of what a small message costs.
#pragma once

#include "detail/biased_mutex.hpp"

#include <cstdint>
#include <mutex>

namespace parley::detail {

class Slot {
 public:
  /// One that nobody lives in. Any thread.
  [[nodiscard]] static Slot& take();

  BiasedMutex mutex;

  /// By whom take() gave it to, mutex not held: the tenancy under which `object` is found from now on.
  [[nodiscard]] std::uint64_t let_to(void* object) noexcept;
  /// The tenant has gone: the slot is free for others. Mutex not held.
  void leave() noexcept;

  // With the mutex held.

  /// The tenant is not found any more.
  void retire() noexcept { object_ = nullptr; }
  [[nodiscard]] void* find(std::uint64_t tenancy) const noexcept { return tenancy == tenancy_ ? object_ : nullptr; }

 private:
  friend class SlotPool;

  std::uint64_t tenancy_ = 0;  // the last; 0 as long as it has never been let
  void* object_ = nullptr;
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
  Tenancy(Slot& slot, T& object) : lease_{&slot, slot.let_to(&object)} {}
  Tenancy(const Tenancy&) = delete;
  Tenancy& operator=(const Tenancy&) = delete;
  ~Tenancy() { lease_.slot->leave(); }

  [[nodiscard]] const Lease<T>& lease() const noexcept { return lease_; }
  /// Mutex held: leases lead nowhere from now on.
  void retire() noexcept { lease_.slot->retire(); }

 private:
  Lease<T> lease_;
};

}  // namespace parley::detail
