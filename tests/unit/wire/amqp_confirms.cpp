#include "wire/amqp_confirms.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace parley::test::amqp_confirms_tests {
namespace {

using wire::AmqpConfirms;

AmqpConfirms with(std::size_t count) {
  AmqpConfirms confirms;
  confirms.start();
  for (std::size_t i = 1; i <= count; ++i) EXPECT_EQ(confirms.add(), i);
  return confirms;
}

std::vector<std::uint64_t> told(AmqpConfirms& confirms) {
  std::vector<std::uint64_t> numbers;
  while (const auto number = confirms.next()) numbers.push_back(*number);
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(AmqpConfirms, tell_one) {
  AmqpConfirms confirms = with(3);
  ASSERT_TRUE(confirms.settle(1, false));
  EXPECT_EQ(told(confirms), Numbers{1});
  EXPECT_EQ(confirms.outstanding_count(), 2U);
}

TEST(AmqpConfirms, tell_all_up_to_one) {
  AmqpConfirms confirms = with(5);
  ASSERT_TRUE(confirms.settle(3, true));
  EXPECT_EQ(told(confirms), (Numbers{1, 2, 3}));
  ASSERT_TRUE(confirms.settle(0, true));
  EXPECT_EQ(told(confirms), (Numbers{4, 5}));
  EXPECT_EQ(confirms.remembered_count(), 0U);
}

TEST(AmqpConfirms, tell_each_number_once_in_whatever_order_they_come) {
  AmqpConfirms confirms = with(5);
  ASSERT_TRUE(confirms.settle(4, false));
  EXPECT_EQ(told(confirms), Numbers{4});
  ASSERT_TRUE(confirms.settle(2, false));
  EXPECT_EQ(told(confirms), Numbers{2});
  EXPECT_EQ(confirms.remembered_count(), 5U);
  ASSERT_TRUE(confirms.settle(5, true));
  EXPECT_EQ(told(confirms), (Numbers{1, 3, 5}));
  EXPECT_EQ(confirms.remembered_count(), 0U);
  EXPECT_EQ(confirms.add(), 6U);
}

TEST(AmqpConfirms, are_not_of_what_was_not_published_or_is_settled) {
  AmqpConfirms confirms = with(2);
  EXPECT_FALSE(confirms.settle(3, false));
  EXPECT_FALSE(confirms.settle(3, true));
  EXPECT_FALSE(confirms.settle(0, false));
  ASSERT_TRUE(confirms.settle(2, false));
  EXPECT_EQ(told(confirms), Numbers{2});
  EXPECT_FALSE(confirms.settle(2, false));
  ASSERT_TRUE(confirms.settle(1, false));
  EXPECT_EQ(told(confirms), Numbers{1});
  EXPECT_FALSE(confirms.settle(1, false));
}

TEST(AmqpConfirms, go_on_while_more_is_published) {
  AmqpConfirms confirms = with(2);
  ASSERT_TRUE(confirms.settle(2, true));
  EXPECT_EQ(confirms.next(), 1U);
  EXPECT_EQ(confirms.add(), 3U);
  EXPECT_EQ(confirms.next(), 2U);
  EXPECT_EQ(confirms.next(), std::nullopt);
  EXPECT_EQ(confirms.outstanding_count(), 1U);
}

}  // namespace
}  // namespace parley::test::amqp_confirms_tests
