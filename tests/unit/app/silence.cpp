#include "app/silence.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace parley::app::detail {
namespace {

using namespace std::chrono_literals;
using Over = Silence::Over;

constexpr TimePoint start{};

TEST(Silence, is_told_of_once_at_each_of_its_times) {
  const SilenceRules rules{{2s, 5s}, 0s};
  EXPECT_EQ(Silence::first_look(rules, start), start + 2s);
  Silence silence{start};
  const Silence::Seen seen{start};
  Silence::Due due = silence.look(rules, seen, start + 2s);
  EXPECT_EQ(due.tell_begin, 0U);
  EXPECT_EQ(due.tell_end, 1U);
  EXPECT_EQ(due.next, start + 5s);
  due = silence.look(rules, seen, start + 3s);
  EXPECT_EQ(due.tell_begin, due.tell_end) << "not twice";
  due = silence.look(rules, seen, start + 5s);
  EXPECT_EQ(due.tell_begin, 1U);
  EXPECT_EQ(due.tell_end, 2U);
  EXPECT_EQ(due.over, Over::no);
}

TEST(Silence, that_is_told_of_whole_is_looked_at_again_as_another_may_follow) {
  const SilenceRules rules{{2s, 5s}, 0s};
  Silence silence{start};
  EXPECT_EQ(silence.look(rules, {start}, start + 6s).next, start + 8s) << "the first of another is not over before";
  EXPECT_EQ(silence.look(rules, {start + 7s}, start + 8s).next, start + 9s);
  const Silence::Due due = silence.look(rules, {start + 7s}, start + 9s);
  EXPECT_EQ(due.tell_begin, 0U);
  EXPECT_EQ(due.tell_end, 1U);
}

TEST(Silence, that_is_told_of_whole_is_not_looked_at_all_the_time) {
  Silence silence{start};
  EXPECT_EQ(silence.look({{Duration{1}}, 0s}, {start}, start + 1s).next, start + 1s + 10ms);
}

TEST(Silence, begins_anew_with_each_message) {
  const SilenceRules rules{{2s}, 0s};
  Silence silence{start};
  Silence::Due due = silence.look(rules, {start + 1s}, start + 2s);
  EXPECT_EQ(due.tell_begin, due.tell_end);
  EXPECT_EQ(due.next, start + 3s);
  due = silence.look(rules, {start + 1s}, start + 3s);
  EXPECT_EQ(due.tell_end, 1U);
  due = silence.look(rules, {start + 10s}, start + 12s);
  EXPECT_EQ(due.tell_begin, 0U);
  EXPECT_EQ(due.tell_end, 1U) << "told again";
}

TEST(Silence, two_times_that_are_due_are_told_together) {
  const SilenceRules rules{{2s, 3s}, 0s};
  Silence silence{start};
  const Silence::Due due = silence.look(rules, {start}, start + 10s);
  EXPECT_EQ(due.tell_begin, 0U);
  EXPECT_EQ(due.tell_end, 2U);
}

TEST(Silence, is_over_after_its_longest_time) {
  const SilenceRules rules{{}, 4s};
  EXPECT_EQ(Silence::first_look(rules, start), start + 4s);
  Silence silence{start};
  EXPECT_EQ(silence.look(rules, {start + 1s}, start + 4s).next, start + 5s);
  EXPECT_EQ(silence.look(rules, {start + 1s}, start + 5s).over, Over::silent);
}

TEST(Silence, of_a_peer_whose_handler_runs_is_none) {
  const SilenceRules rules{{1s}, 4s};
  Silence silence{start};
  const Silence::Due due = silence.look(rules, {start, true}, start + 100s);
  EXPECT_EQ(due.over, Over::no);
  EXPECT_EQ(due.tell_begin, due.tell_end);
  EXPECT_EQ(due.next, start + 101s);
}

TEST(Silence, a_peer_that_takes_nothing_is_too_slow_also_while_its_handler_runs) {
  const SilenceRules rules{{}, 4s};
  Silence silence{start};
  EXPECT_EQ(silence.look(rules, {start, true, 100, true}, start + 4s).over, Over::no) << "something went out";
  EXPECT_EQ(silence.look(rules, {start, true, 200, true}, start + 8s).over, Over::no) << "and more";
  EXPECT_EQ(silence.look(rules, {start, true, 200, true}, start + 11s).over, Over::no);
  EXPECT_EQ(silence.look(rules, {start, true, 200, true}, start + 12s).over, Over::too_slow);
}

TEST(Silence, nothing_queued_is_nothing_not_taken) {
  const SilenceRules rules{{}, 4s};
  Silence silence{start};
  for (int i = 1; i < 10; ++i) {
    EXPECT_EQ(silence.look(rules, {start, true, 0, false}, start + i * 4s).over, Over::no);
  }
}

TEST(SilenceRules, are_none_by_default) {
  EXPECT_FALSE(SilenceRules{}.any());
  EXPECT_TRUE((SilenceRules{{1s}, 0s}.any()));
  EXPECT_TRUE((SilenceRules{{}, 1s}.any()));
}

}  // namespace
}  // namespace parley::app::detail
