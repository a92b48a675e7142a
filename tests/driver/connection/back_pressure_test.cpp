// Queues have marks: who is held back, when, and until when.
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::connect_pair;
using support::Outcome;
using support::Pair;
using support::PairOptions;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;

class BackPressure : public ::testing::TestWithParam<bool> {
 protected:
  /// A stream of 100 bytes, and a peer that takes one read of them and then no more until somebody receives.
  PairOptions options() const {
    PairOptions made;
    made.left_plan.can_wait = made.right_plan.can_wait = GetParam();
    made.right_plan.read_size_max = 100;
    made.capacity = 100;
    made.right.receive_high_water_size = 1;
    return made;
  }
  void make(const PairOptions& made) { pair = connect_pair(context, made); }

  /// Messages of `size` bytes on the wire that go before the queue is full.
  std::size_t send_until_full(std::size_t size) {
    std::size_t count = 0;
    for (;; ++count) {
      const error_code ec = pair.left.try_send(std::string(size - 4, 'x'));
      settle(context);
      if (!ec) continue;
      EXPECT_EQ(ec, error::full);
      return count;
    }
  }

  std::size_t receive_all_ready() {
    std::size_t count = 0;
    for (bool any = true; any;) {
      any = false;
      while (pair.right.try_receive()) {
        ++count;
        any = true;
      }
      settle(context);
    }
    return count;
  }

  asio::io_context context;
  Pair pair;
};

TEST_P(BackPressure, try_send_is_full_at_the_mark_in_bytes) {
  PairOptions made = options();
  made.left.send_high_water_size = 500;
  make(made);
  // 10 at the peer, 100 on the way, and 500 here.
  EXPECT_EQ(send_until_full(10), 61U);
  EXPECT_EQ(pair.left.stats().send_queue_size, 500U);
}

TEST_P(BackPressure, try_send_is_full_at_the_mark_in_messages) {
  PairOptions made = options();
  made.left.send_high_water_count = 7;
  make(made);
  EXPECT_EQ(send_until_full(10), 18U);
  EXPECT_EQ(pair.left.stats().send_queue_count, 7U);
}

TEST_P(BackPressure, a_message_larger_than_the_mark_goes_when_the_queue_is_below_it) {
  PairOptions made = options();
  made.left.send_high_water_size = 50;
  make(made);
  EXPECT_FALSE(pair.left.try_send(std::string(10'000, 'x')));
  EXPECT_EQ(pair.left.try_send("x"), error::full);
}

TEST_P(BackPressure, a_waiting_send_goes_on_below_half_the_mark) {
  PairOptions made = options();
  made.left.send_high_water_count = 20;
  make(made);
  send_until_full(10);
  std::optional<error_code> sent;
  pair.left.send("waits", store(sent));
  std::size_t queued_then = 0;
  for (int i = 0; i < 1000 && !sent; ++i) {
    queued_then = pair.left.stats().send_queue_count;
    (void)pair.right.try_receive();
    settle(context);
  }
  ASSERT_TRUE(sent && !*sent);
  EXPECT_LE(pair.left.stats().send_queue_count, 11U);
  EXPECT_GT(queued_then, 10U) << "and not before";
}

TEST_P(BackPressure, waiting_sends_go_in_the_order_of_calling) {
  PairOptions made = options();
  made.left.send_high_water_count = 4;
  make(made);
  const std::size_t filled = send_until_full(10);
  std::vector<int> completed;
  for (int i = 0; i < 30; ++i) {
    pair.left.send(std::to_string(i), [&completed, i](error_code ec) {
      EXPECT_FALSE(ec);
      completed.push_back(i);
    });
  }
  EXPECT_EQ(pair.left.try_send("overtakes"), error::full);
  std::vector<std::string> got;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    while (got.size() < filled + 30) got.push_back((co_await pair.right.receive()).text());
  }));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(got[filled + static_cast<std::size_t>(i)], std::to_string(i));
    EXPECT_EQ(completed[static_cast<std::size_t>(i)], i);
  }
}

TEST_P(BackPressure, post_passes_the_mark_and_stops_at_the_hard_limit) {
  PairOptions made = options();
  made.left.send_high_water_size = 50;
  made.left.send_hard_limit_size = 1000;
  make(made);
  send_until_full(10);
  error_code ec;
  while (!(ec = pair.left.post(std::string(96, 'p')))) {
  }
  EXPECT_EQ(ec, error::full);
  EXPECT_LE(pair.left.stats().send_queue_size, 1000U);
  EXPECT_GT(pair.left.stats().send_queue_size, 800U);
  EXPECT_NE(pair.left.last_error().find("would pass the hard limit of 1000"), std::string::npos)
      << pair.left.last_error();
}

TEST_P(BackPressure, a_send_to_a_peer_that_never_reads_times_out_with_bounded_memory) {
  PairOptions made = options();
  made.right_plan.stall_read = 1;
  made.left.send_high_water_size = 10'000;
  make(made);
  error_code code;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    try {
      for (;;) co_await pair.left.send(std::string(96, 'x'), std::chrono::milliseconds{20});
    } catch (const Error& error) {
      code = error.code();
    }
  }));
  EXPECT_EQ(code, error::timed_out);
  EXPECT_LE(pair.left.stats().send_queue_size, 10'000U);
  EXPECT_EQ(pair.left.stats().messages_sent, 100U);
}

TEST_P(BackPressure, an_application_that_does_not_receive_stops_the_reading) {
  PairOptions made = options();
  made.right.receive_high_water_size = 1000;
  make(made);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(pair.left.post(std::string(96, 'x')));
  settle(context);
  EXPECT_GE(pair.right.stats().receive_queue_size, 1000U);
  EXPECT_LT(pair.right.stats().receive_queue_size, 1000U + 100U + 1U);
  EXPECT_EQ(receive_all_ready(), 1000U) << "taking them makes it go on";
}

TEST_P(BackPressure, a_message_larger_than_the_receive_mark_is_received) {
  make(options());
  EXPECT_FALSE(pair.left.post(std::string(100'000, 'x')));
  std::optional<Outcome<Message>> got;
  pair.right.receive(store(got));
  ASSERT_TRUE(run_until(context, [&] { return got.has_value(); }));
  EXPECT_EQ(got->value.size(), 100'000U);
}

TEST_P(BackPressure, a_message_larger_than_the_receive_mark_is_received_by_polling) {
  make(options());
  EXPECT_FALSE(pair.left.post(std::string(100'000, 'x')));
  settle(context);
  EXPECT_EQ(receive_all_ready(), 0U) << "asking starts it";
  EXPECT_EQ(receive_all_ready(), 1U);
}

TEST_P(BackPressure, two_ends_that_both_flood_do_not_stop_each_other) {
  PairOptions made;
  made.left_plan.can_wait = made.right_plan.can_wait = GetParam();
  made.capacity = 1000;
  made.left.send_high_water_size = made.right.send_high_water_size = 5000;
  made.left.receive_high_water_size = made.right.receive_high_water_size = 200'000;
  make(made);
  constexpr int count = 1000;
  const auto flood = [](Connection& self) -> asio::awaitable<void> {
    for (int i = 0; i < count; ++i) co_await self.send(std::string(96, 'x'));
    for (int i = 0; i < count; ++i) co_await self.receive();
  };
  int done = 0;
  const auto on_end = [&](std::exception_ptr thrown) {
    EXPECT_FALSE(thrown);
    ++done;
  };
  asio::co_spawn(context, flood(pair.left), on_end);
  asio::co_spawn(context, flood(pair.right), on_end);
  EXPECT_TRUE(run_until(context, [&] { return done == 2; }));
}

TEST_P(BackPressure, one_hot_coroutine_lets_others_have_their_turn) {
  PairOptions made = options();
  made.capacity = 1 << 20;
  made.right_plan.read_size_max = testing::FaultPlan::unlimited;
  made.right.receive_high_water_size = 1 << 20;
  make(made);
  for (int i = 0; i < 50'000; ++i) EXPECT_FALSE(pair.left.post("x"));
  settle(context);
  int taken = 0;
  int taken_at_other = -1;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        for (; taken < 50'000; ++taken) co_await pair.right.receive();
      },
      [](std::exception_ptr) {});
  asio::post(context, [&] { asio::post(context, [&] { taken_at_other = taken; }); });
  ASSERT_TRUE(run_until(context, [&] { return taken_at_other >= 0; }));
  EXPECT_LT(taken_at_other, 10'000);
  ASSERT_TRUE(run_until(context, [&] { return taken == 50'000; }));
}

INSTANTIATE_TEST_SUITE_P(Streams, BackPressure, ::testing::Values(true, false),
                         [](const auto& test) { return test.param ? "waiting" : "completing"; });

}  // namespace
}  // namespace parley
