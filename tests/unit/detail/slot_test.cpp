#include "detail/slot.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace parley::detail {
namespace {

int* found_by(const Lease<int>& lease) {
  const std::lock_guard lock{lease.slot->mutex};
  return lease.find();
}

int first_object = 0;
int second_object = 0;

TEST(Slot, a_lease_leads_to_the_tenant_until_it_retires) {
  Tenancy tenancy{Slot::take(), first_object};
  EXPECT_EQ(found_by(tenancy.lease()), &first_object);
  tenancy.retire();
  EXPECT_EQ(found_by(tenancy.lease()), nullptr);
}

TEST(Slot, an_old_lease_does_not_lead_to_the_next_tenant) {
  std::optional<Tenancy<int>> first{std::in_place, Slot::take(), first_object};
  const Lease<int> old = first->lease();
  first.reset();
  const Tenancy second{Slot::take(), second_object};
  ASSERT_EQ(second.lease().slot, old.slot) << "the slot that was left last is used next";
  EXPECT_EQ(found_by(old), nullptr);
  EXPECT_EQ(found_by(second.lease()), &second_object);
}

TEST(Slot, two_tenants_are_told_apart_and_the_slot_is_free_when_both_have_left) {
  Slot& slot = Slot::take();
  std::optional<Tenancy<int>> left{std::in_place, slot, first_object};
  std::optional<Tenancy<int>> right{std::in_place, slot, second_object};
  EXPECT_EQ(found_by(left->lease()), &first_object);
  EXPECT_EQ(found_by(right->lease()), &second_object);
  left.reset();
  EXPECT_EQ(found_by(right->lease()), &second_object);
  Tenancy other{Slot::take(), first_object};
  EXPECT_NE(other.lease().slot, &slot);
  right.reset();
  const Tenancy next{Slot::take(), first_object};
  EXPECT_EQ(next.lease().slot, &slot);
}

}  // namespace
}  // namespace parley::detail
