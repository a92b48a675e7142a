#include "transport/happy_eyeballs.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace parley::transport {
namespace {

using namespace std::chrono_literals;
using Family = HappyEyeballs::Family;

constexpr TimePoint start{1h};
constexpr Duration delay = 250ms;

// All indices in the order in which they are started when each fails at once.
std::vector<std::size_t> order_of(const std::vector<Family>& families) {
  HappyEyeballs eyeballs{families, delay};
  std::vector<std::size_t> order;
  while (const auto index = eyeballs.next_start(start)) {
    order.push_back(*index);
    eyeballs.failed(start);
  }
  return order;
}

TEST(HappyEyeballs, families_take_turns_beginning_with_the_preferred) {
  EXPECT_EQ(order_of({Family::v6, Family::v6, Family::v6, Family::v4, Family::v4}),
            (std::vector<std::size_t>{0, 3, 1, 4, 2}));
  EXPECT_EQ(order_of({Family::v4, Family::v4, Family::v6}), (std::vector<std::size_t>{0, 2, 1}));
  EXPECT_EQ(order_of({Family::other}), (std::vector<std::size_t>{0}));
}

TEST(HappyEyeballs, the_first_attempt_starts_at_once_and_the_next_after_the_delay) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4}, delay};
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  EXPECT_EQ(eyeballs.next_start(start), std::nullopt);
  EXPECT_EQ(eyeballs.next_deadline(), start + delay);
  EXPECT_EQ(eyeballs.next_start(start + delay - 1ns), std::nullopt);
  EXPECT_EQ(eyeballs.next_start(start + delay), 1U);
  EXPECT_EQ(eyeballs.next_deadline(), TimePoint::max());
}

TEST(HappyEyeballs, a_failure_makes_the_next_due_at_once) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4, Family::v6}, delay};
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  eyeballs.failed(start + 10ms);
  EXPECT_EQ(eyeballs.next_deadline(), start + 10ms);
  EXPECT_EQ(eyeballs.next_start(start + 10ms), 1U);
  EXPECT_EQ(eyeballs.next_deadline(), start + 10ms + delay);
}

TEST(HappyEyeballs, a_late_failure_does_not_put_off_the_next_attempt) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4}, delay};
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  eyeballs.failed(start + 2 * delay);
  EXPECT_EQ(eyeballs.next_deadline(), start + delay);
}

TEST(HappyEyeballs, is_exhausted_when_every_attempt_has_failed_and_not_before) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4}, delay};
  EXPECT_FALSE(eyeballs.exhausted());
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  EXPECT_EQ(eyeballs.next_start(start + delay), 1U);
  eyeballs.failed(start + delay);
  EXPECT_FALSE(eyeballs.exhausted());
  eyeballs.failed(start + delay);
  EXPECT_TRUE(eyeballs.exhausted());
  EXPECT_EQ(eyeballs.next_start(start + 10 * delay), std::nullopt);
}

TEST(HappyEyeballs, no_delay_starts_all_at_once) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4, Family::v4}, Duration::zero()};
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  EXPECT_EQ(eyeballs.next_start(start), 1U);
  EXPECT_EQ(eyeballs.next_start(start), 2U);
}

TEST(HappyEyeballs, a_delay_too_long_for_the_clock_waits_for_a_failure) {
  HappyEyeballs eyeballs{std::vector{Family::v6, Family::v4}, Duration::max()};
  EXPECT_EQ(eyeballs.next_start(start), 0U);
  EXPECT_EQ(eyeballs.next_deadline(), TimePoint::max());
  eyeballs.failed(start + 1ms);
  EXPECT_EQ(eyeballs.next_start(start + 1ms), 1U);
}

TEST(HappyEyeballs, without_an_address_is_exhausted_from_the_beginning) {
  HappyEyeballs eyeballs{std::vector<Family>{}, delay};
  EXPECT_EQ(eyeballs.next_start(start), std::nullopt);
  EXPECT_TRUE(eyeballs.exhausted());
}

}  // namespace
}  // namespace parley::transport
