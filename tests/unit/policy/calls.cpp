#include "policy/calls.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace parley::policy {
namespace {

using namespace std::chrono_literals;
using Id = wire::RequestId;
using Strings = std::vector<std::string>;

constexpr TimePoint start{};
constexpr TimePoint never = TimePoint::max();

class CallsTest : public ::testing::Test {
 protected:
  Calls<std::string> calls{7, 4};

  Id sent(const std::string& what, OnLoss on_loss = OnLoss::fail, TimePoint deadline = never) {
    const Id id = calls.add(what, on_loss, deadline);
    calls.sent(id);
    return id;
  }
  /// Who fails, and who is to be sent again, by when they were made.
  struct Lost {
    Strings fail;
    Strings wait;
  };
  Lost lose() {
    Lost lost;
    calls.lost([&](const Id&, std::string what) { lost.fail.push_back(std::move(what)); },
               [&](const Id&, const std::string& what) { lost.wait.push_back(what); });
    return lost;
  }
  std::string late(TimePoint now) {
    const auto late = calls.take_late(now);
    return late ? late->second : "none";
  }
};

TEST_F(CallsTest, are_ended_by_their_answers_in_any_order) {
  const Id a = sent("a");
  const Id b = sent("b");
  EXPECT_EQ(calls.take(b), "b");
  EXPECT_EQ(calls.take(a), "a");
  EXPECT_EQ(calls.count(), 0U);
}

TEST_F(CallsTest, are_not_found_by_an_answer_that_comes_twice_or_that_nobody_asked_for) {
  const Id a = sent("a");
  EXPECT_EQ(calls.take({8, a.number}), std::nullopt) << "of another requester";
  EXPECT_EQ(calls.take({7, a.number + 1}), std::nullopt);
  EXPECT_EQ(calls.take({7, ~std::uint64_t{0}}), std::nullopt);
  EXPECT_EQ(calls.take(a), "a");
  const Id b = sent("b");
  EXPECT_NE(b, a) << "in the same place";
  EXPECT_EQ(calls.take(a), std::nullopt);
  EXPECT_EQ(calls.take(b), "b");
}

TEST_F(CallsTest, are_bounded) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(calls.is_full());
    sent("call");
  }
  EXPECT_TRUE(calls.is_full());
}

TEST_F(CallsTest, end_when_their_deadlines_have_passed_the_earliest_first) {
  sent("b", OnLoss::fail, start + 2s);
  sent("a", OnLoss::fail, start + 1s);
  sent("c", OnLoss::fail, never);
  EXPECT_EQ(calls.next_deadline(), start + 1s);
  EXPECT_EQ(late(start), "none");
  EXPECT_EQ(late(start + 2s), "a");
  EXPECT_EQ(late(start + 2s), "b");
  EXPECT_EQ(late(start + 2s), "none");
  EXPECT_EQ(calls.next_deadline(), std::nullopt);
  EXPECT_EQ(calls.count(), 1U);
}

TEST_F(CallsTest, that_have_ended_are_not_late) {
  const Id a = sent("a", OnLoss::fail, start + 1s);
  EXPECT_EQ(calls.take(a), "a");
  sent("b", OnLoss::fail, start + 2s);
  EXPECT_EQ(late(start + 1s), "none");
  EXPECT_EQ(calls.next_deadline(), start + 2s);
}

TEST_F(CallsTest, fail_wait_or_are_sent_again_when_their_connection_is_lost) {
  sent("fails");
  const Id resumes = sent("resumes", OnLoss::resume);
  sent("again", OnLoss::resend);
  calls.add("not sent yet", OnLoss::fail, never);
  const Lost lost = lose();
  EXPECT_EQ(lost.fail, (Strings{"fails"}));
  EXPECT_EQ(lost.wait, (Strings{"again", "not sent yet"}));
  EXPECT_EQ(calls.count(), 3U);
  EXPECT_EQ(calls.take(resumes), "resumes") << "by the answer on the next connection";
}

TEST_F(CallsTest, that_are_to_be_sent_again_do_not_fail_before_they_have_been) {
  sent("again", OnLoss::resend);
  calls.add("new", OnLoss::fail, never);
  (void)lose();
  EXPECT_EQ(lose().wait, (Strings{"again", "new"}));
}

TEST_F(CallsTest, all_end_with_their_owner) {
  sent("a");
  sent("b", OnLoss::resume);
  Strings ended;
  calls.clear([&](const Id&, std::string what) { ended.push_back(std::move(what)); });
  EXPECT_EQ(ended, (Strings{"a", "b"}));
  EXPECT_EQ(calls.count(), 0U);
}

TEST_F(CallsTest, that_come_and_go_leave_nothing_behind) {
  const Id stays = sent("stays", OnLoss::fail, start + 1h);
  for (int i = 0; i < 100'000; ++i) EXPECT_EQ(calls.take(sent("goes", OnLoss::fail, start + 30s)), "goes");
  EXPECT_LE(calls.deadline_count(), 2000U);
  EXPECT_EQ(*calls.get(stays), "stays");
}

}  // namespace
}  // namespace parley::policy
