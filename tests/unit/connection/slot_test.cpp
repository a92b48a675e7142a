#include "connection/slot.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace parley::detail {
namespace {

/// Slots only ever hand a state's address back.
ConnectionState& state_at(std::uintptr_t address) { return *reinterpret_cast<ConnectionState*>(address); }

ConnectionState* found_by(const Lease& lease) {
  const std::lock_guard lock{lease.slot->mutex};
  return lease.find();
}

TEST(Slot, a_lease_leads_to_the_tenant_until_it_retires) {
  Tenancy tenancy{Slot::take(), state_at(64)};
  EXPECT_EQ(found_by(tenancy.lease()), &state_at(64));
  tenancy.retire();
  EXPECT_EQ(found_by(tenancy.lease()), nullptr);
}

TEST(Slot, an_old_lease_does_not_lead_to_the_next_tenant) {
  std::optional<Tenancy> first{std::in_place, Slot::take(), state_at(64)};
  const Lease old = first->lease();
  first.reset();
  const Tenancy second{Slot::take(), state_at(128)};
  ASSERT_EQ(second.lease().slot, old.slot) << "the slot that was left last is used next";
  EXPECT_EQ(found_by(old), nullptr);
  EXPECT_EQ(found_by(second.lease()), &state_at(128));
}

TEST(Slot, two_tenants_are_told_apart_and_the_slot_is_free_when_both_have_left) {
  Slot& slot = Slot::take();
  std::optional<Tenancy> left{std::in_place, slot, state_at(64)};
  std::optional<Tenancy> right{std::in_place, slot, state_at(128)};
  EXPECT_EQ(found_by(left->lease()), &state_at(64));
  EXPECT_EQ(found_by(right->lease()), &state_at(128));
  left.reset();
  EXPECT_EQ(found_by(right->lease()), &state_at(128));
  Tenancy other{Slot::take(), state_at(192)};
  EXPECT_NE(other.lease().slot, &slot);
  right.reset();
  const Tenancy next{Slot::take(), state_at(256)};
  EXPECT_EQ(next.lease().slot, &slot);
}

}  // namespace
}  // namespace parley::detail
