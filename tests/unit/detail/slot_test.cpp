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

TEST(Slot, a_slot_is_not_taken_again_while_somebody_lives_in_it) {
  std::optional<Tenancy<int>> first{std::in_place, Slot::take(), first_object};
  const Lease<int> lease = first->lease();
  Tenancy second{Slot::take(), second_object};
  EXPECT_NE(second.lease().slot, lease.slot);
  second.retire();
  EXPECT_EQ(found_by(lease), &first_object);
  first.reset();
  EXPECT_EQ(found_by(lease), nullptr);
  const Tenancy third{Slot::take(), first_object};
  EXPECT_EQ(third.lease().slot, lease.slot);
}

}  // namespace
}  // namespace parley::detail
