#include "policy/duplicates.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace parley::policy {
namespace {

using State = Duplicates::State;

wire::MessageId id_of(int number) {
  wire::MessageId id{};
  id[0] = static_cast<std::byte>(number & 0xff);
  id[1] = static_cast<std::byte>(number >> 8);
  return id;
}

const Identity a = Identity::of_random(1, 1);
const Identity b = Identity::of_random(2, 2);

TEST(Duplicates, know_what_has_arrived) {
  Duplicates seen{10, 1};
  EXPECT_EQ(seen.state(a, id_of(1)), State::unknown);
  seen.add(a, id_of(1), State::taken);
  EXPECT_EQ(seen.state(a, id_of(1)), State::taken);
  seen.set(a, id_of(1), State::acknowledged);
  EXPECT_EQ(seen.state(a, id_of(1)), State::acknowledged);
}

TEST(Duplicates, the_same_id_of_another_sender_is_another_message) {
  Duplicates seen{10, 1};
  seen.add(a, id_of(1), State::taken);
  EXPECT_EQ(seen.state(b, id_of(1)), State::unknown);
  seen.set(b, id_of(1), State::acknowledged);
  EXPECT_EQ(seen.state(a, id_of(1)), State::taken);
}

TEST(Duplicates, the_oldest_is_forgotten) {
  constexpr int count_max = 100;
  Duplicates seen{count_max, 1};
  for (int i = 0; i < 3 * count_max; ++i) seen.add(a, id_of(i), State::taken);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(count_max));
  for (int i = 0; i < 3 * count_max; ++i) {
    EXPECT_EQ(seen.state(a, id_of(i)), i < 2 * count_max ? State::unknown : State::taken) << i;
  }
}

}  // namespace
}  // namespace parley::policy
