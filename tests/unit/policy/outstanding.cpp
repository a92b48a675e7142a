#include "policy/outstanding.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace parley::policy {
namespace {

const Identity one_peer = Identity::of_random(1, 1);
const Identity another_peer = Identity::of_random(2, 2);
const Identity third = Identity::of_random(3, 3);
constexpr LinkId one_link{0, 1};
constexpr LinkId another_link{1, 2};

OutstandingMessage message(const char* body) {
  OutstandingMessage made;
  made.body = Message{body};
  made.link = one_link;
  made.sent_to[0] = one_peer;
  return made;
}

std::vector<std::string> stranded(Outstanding& outstanding) {
  std::vector<std::string> texts;
  for (auto key = outstanding.first_stranded(); key; key = outstanding.next_stranded(*key)) {
    texts.push_back(outstanding.find(*key)->body.text());
  }
  return texts;
}

TEST(Outstanding, the_last_two_peers_that_had_a_message_can_acknowledge_it) {
  Outstanding outstanding{1};
  const Outstanding::Key key = outstanding.add(message("a"), {});
  EXPECT_TRUE(outstanding.find(key)->was_sent_to(one_peer));
  EXPECT_FALSE(outstanding.find(key)->was_sent_to(another_peer));
  EXPECT_FALSE(outstanding.find(key)->was_sent_to(Identity{}));
  outstanding.sent_again(key, another_peer, another_link, {});
  EXPECT_TRUE(outstanding.find(key)->was_sent_to(one_peer));
  EXPECT_TRUE(outstanding.find(key)->was_sent_to(another_peer));
  outstanding.sent_again(key, third, another_link, {});
  EXPECT_FALSE(outstanding.find(key)->was_sent_to(one_peer));
}

TEST(Outstanding, those_that_stay_are_found_however_many_came_and_went) {
  Outstanding outstanding{1};
  const Outstanding::Key first = outstanding.add(message("first"), {});
  std::vector<Outstanding::Key> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back(outstanding.add(message("passing"), {}));
  const Outstanding::Key second = outstanding.add(message("second"), {});
  for (const Outstanding::Key key : keys) outstanding.remove(key);
  for (int i = 0; i < 10'000; ++i) outstanding.remove(outstanding.add(message("passing"), {}));
  const Outstanding::Key last = outstanding.add(message("last"), {});
  EXPECT_EQ(outstanding.count(), 3U);
  EXPECT_EQ(outstanding.find(first)->body.text(), "first");
  EXPECT_EQ(outstanding.longest_sent(), first);
  EXPECT_EQ(outstanding.find(keys[0]), nullptr);
  outstanding.strand(one_link);
  EXPECT_EQ(stranded(outstanding), (std::vector<std::string>{"first", "second", "last"}));
  outstanding.sent_again(first, another_peer, another_link, {});
  EXPECT_EQ(stranded(outstanding), (std::vector<std::string>{"second", "last"}));
  EXPECT_EQ(outstanding.remove(first).body.text(), "first");
  outstanding.remove(second);
  outstanding.remove(last);
  EXPECT_EQ(outstanding.count(), 0U);
  EXPECT_EQ(outstanding.size(), 0U);
}

}  // namespace
}  // namespace parley::policy
