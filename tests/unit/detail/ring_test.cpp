#include "detail/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <utility>

namespace parley::detail {
namespace {

/// Move-only, and notices with AddressSanitizer when it is destroyed twice or not at all.
using Element = std::unique_ptr<int>;

Ring<Element> ring_of(int count) {
  Ring<Element> ring;
  for (int i = 0; i < count; ++i) ring.emplace_back(std::make_unique<int>(i));
  return ring;
}

TEST(Ring, gives_back_in_the_order_of_putting) {
  Ring<Element> ring = ring_of(100);
  EXPECT_EQ(ring.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*ring.take_front(), i);
  EXPECT_TRUE(ring.empty());
}

TEST(Ring, takes_no_memory_before_its_first_element) { EXPECT_EQ(Ring<Element>{}.capacity(), 0U); }

TEST(Ring, taking_from_the_middle_keeps_the_order_of_the_rest) {
  for (std::size_t which = 0; which < 5; ++which) {
    Ring<Element> ring = ring_of(5);
    EXPECT_EQ(*ring.take(which), static_cast<int>(which));
    EXPECT_EQ(ring.size(), 4U);
    for (int i = 0; i < 5; ++i) {
      if (i == static_cast<int>(which)) continue;
      EXPECT_EQ(*ring.take_front(), i);
    }
  }
}

TEST(Ring, does_not_grow_while_it_stays_within_its_memory) {
  Ring<int> ring;
  for (int i = 0; i < 3; ++i) ring.emplace_back(i);
  const std::size_t capacity = ring.capacity();
  for (int i = 3; i < 1000; ++i) {
    ring.emplace_back(i);
    EXPECT_EQ(ring.take_front(), i - 3);
  }
  EXPECT_EQ(ring.capacity(), capacity);
}

TEST(Ring, shrinks_only_when_empty_and_large) {
  Ring<int> ring;
  for (int i = 0; i < 100; ++i) ring.emplace_back(i);
  ring.shrink(16);
  EXPECT_GE(ring.capacity(), 100U);
  ring.clear();
  ring.shrink(1000);
  EXPECT_GE(ring.capacity(), 100U);
  ring.shrink(16);
  EXPECT_EQ(ring.capacity(), 0U);
  ring.emplace_back(7);
  EXPECT_EQ(ring.front(), 7);
}

TEST(Ring, moves_as_a_whole) {
  Ring<Element> ring = ring_of(5);
  Ring<Element> other{std::move(ring)};
  EXPECT_TRUE(ring.empty());  // NOLINT(bugprone-use-after-move): specified
  ring = std::move(other);
  EXPECT_EQ(ring.size(), 5U);
  EXPECT_EQ(*ring.back(), 4);
}

TEST(Ring, behaves_as_a_deque_under_any_operations) {
  std::mt19937 random{1};
  Ring<int> ring;
  std::deque<int> expected;
  for (int i = 0; i < 20'000; ++i) {
    const auto choice = random() % 16;
    if (choice < 8 || expected.empty()) {
      ring.emplace_back(i);
      expected.push_back(i);
    } else if (choice < 13) {
      EXPECT_EQ(ring.take_front(), expected.front());
      expected.pop_front();
    } else if (choice < 15) {
      const std::size_t which = random() % expected.size();
      EXPECT_EQ(ring.take(which), expected[which]);
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (random() % 64 == 0) {
      ring.clear();
      ring.shrink(4);
      expected.clear();
    }
    ASSERT_EQ(ring.size(), expected.size());
    if (!expected.empty()) {
      ASSERT_EQ(ring.front(), expected.front());
      ASSERT_EQ(ring.back(), expected.back());
    }
  }
}

}  // namespace
}  // namespace parley::detail
