#include "app/classification.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace parley::app::detail {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr TimePoint start{};

TEST(Classification, holds_messages_in_order_until_there_is_a_kind) {
  Classification c{{4, 100, 1s}, start};
  c.add("one");
  EXPECT_THAT(c.why_not_open(start), IsEmpty());
  c.add("two");
  ASSERT_EQ(c.held().size(), 2U);
  EXPECT_EQ(c.held()[1].view(), "two");
  EXPECT_THAT(c.why_not_open(start + 999ms), IsEmpty());
  const auto held = c.take_held();
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].view(), "one");
}

TEST(Classification, ends_with_the_count_of_messages) {
  Classification c{{2, 100, 1s}, start};
  c.add("one");
  EXPECT_THAT(c.why_not_open(start), IsEmpty());
  c.add("two");
  EXPECT_THAT(c.why_not_open(start), HasSubstr("no more than 2 are held"));
}

TEST(Classification, ends_with_the_bytes_of_messages) {
  Classification c{{100, 5, 1s}, start};
  c.add("12345");
  EXPECT_THAT(c.why_not_open(start), IsEmpty());
  c.add("6");
  EXPECT_THAT(c.why_not_open(start), HasSubstr("their 6 bytes exceed the limit of 5"));
}

TEST(Classification, ends_with_its_time) {
  Classification c{{100, 100, 1s}, start};
  c.add("one");
  EXPECT_EQ(c.deadline(), start + 1s);
  EXPECT_THAT(c.why_not_open(start + 1s), HasSubstr("the 1000 ms for that are over"));
}

}  // namespace
}  // namespace parley::app::detail
