// AmqpMemory: which messages have come, and which have gone and are not confirmed; and for whom that is remembered.
#include "rpc/amqp/memories.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace parley::rpc::detail {
namespace {

std::string name_of(std::uint64_t number) {
  std::string name(wire::RequestId::text_size, '0');
  wire::RequestId{7, number}.put(name.data());
  return name;
}

AmqpMemory::Unconfirmed message(std::uint64_t number, const std::string& name) {
  return {number, name, {}, Message{std::string(10, 'x')}};
}

std::vector<std::string> names_of(const std::deque<AmqpMemory::Unconfirmed>& messages) {
  std::vector<std::string> names;
  for (const auto& each : messages) names.push_back(each.message_id);
  return names;
}

TEST(AmqpMemory, knows_a_message_that_comes_again_whatever_its_name) {
  AmqpMemory memory;
  for (const std::string& name : {name_of(1), name_of(2), std::string{"a"}, std::string{"b"}, std::string(255, 'c')}) {
    EXPECT_TRUE(memory.is_new(name)) << name;
    EXPECT_FALSE(memory.is_new(name)) << name;
  }
  EXPECT_TRUE(memory.is_new({})) << "without a name it is not known";
  EXPECT_TRUE(memory.is_new({}));
}

TEST(AmqpMemory, knows_all_that_may_be_sent_again) {
  AmqpMemory memory;
  for (std::uint64_t i = 0; i < AmqpMemory::unconfirmed_count_max; ++i) ASSERT_TRUE(memory.is_new(name_of(i)));
  for (std::uint64_t i = 0; i < AmqpMemory::unconfirmed_count_max; ++i) ASSERT_FALSE(memory.is_new(name_of(i)));
}

TEST(AmqpMemory, forgets_the_oldest_names) {
  AmqpMemory memory;
  for (std::uint64_t i = 0; i <= AmqpMemory::seen_max; ++i) (void)memory.is_new(name_of(i));
  EXPECT_FALSE(memory.is_new(name_of(1)));
  EXPECT_TRUE(memory.is_new(name_of(0)));
}

TEST(AmqpMemory, keeps_the_order_of_what_could_not_be_sent) {
  AmqpMemory memory;
  memory.add(message(1, "one"));
  EXPECT_EQ(memory.first_unsent(), nullptr);
  for (const char* const name : {"two", "three", "four"}) memory.add(message(0, name));
  EXPECT_EQ(memory.first_unsent()->message_id, "two");
  EXPECT_EQ(memory.unsent_count(), 3U);
  memory.sent(2);
  EXPECT_EQ(memory.first_unsent()->message_id, "three");
  memory.confirmed(1);
  EXPECT_EQ(memory.first_unsent()->message_id, "three") << "still";
  memory.sent(3);
  memory.confirmed(2);
  EXPECT_EQ(memory.unconfirmed_size(), 20U);
  EXPECT_EQ(names_of(memory.take_unconfirmed()), (std::vector<std::string>{"three", "four"}));
  EXPECT_EQ(memory.first_unsent(), nullptr);
  EXPECT_EQ(memory.unconfirmed_count(), 0U);
  EXPECT_EQ(memory.unconfirmed_size(), 0U);
}

TEST(AmqpMemories, are_kept_for_those_who_are_there_and_as_long_as_there_is_room_for_others) {
  const std::size_t size_of_none = AmqpMemory{}.size();
  AmqpMemories memories{3 * size_of_none};
  const auto here = memories.of("here");
  (void)here->is_new("1");
  for (const char* const name : {"a", "b", "c"}) (void)memories.of(name)->is_new({});
  EXPECT_EQ(memories.count(), 4U);
  (void)memories.of("a");
  const auto another = memories.of("d");
  EXPECT_EQ(memories.count(), 5U);
  // Now "b" came longest ago of those that are away, and what "a" has to remember takes its place.
  (void)memories.of("a")->is_new("1");
  (void)memories.of("d");
  EXPECT_EQ(memories.count(), 4U);
  EXPECT_FALSE(memories.of("a")->is_new("1"));
  EXPECT_FALSE(memories.of("here")->is_new("1"));
}

TEST(AmqpMemories, are_so_many_of_those_who_are_away) {
  AmqpMemories memories{1'000'000, 2};
  for (const char* const name : {"a", "b", "c", "d"}) (void)memories.of(name)->is_new("1");
  const auto here = memories.of("here");
  EXPECT_EQ(memories.count(), 3U);
  EXPECT_FALSE(memories.of("d")->is_new("1"));
  EXPECT_TRUE(memories.of("b")->is_new("1"));
}

}  // namespace
}  // namespace parley::rpc::detail
