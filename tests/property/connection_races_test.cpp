// A receive that is cancelled, or whose deadline passes, in the same turn of the loop as a message arrives loses
// nothing.
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <random>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int tries = 10'000;

/// Numbered messages from the right to the left, received there by waits of which many are interrupted.
class Race : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    support::PairOptions options;
    options.left_plan.can_wait = options.right_plan.can_wait = GetParam();
    pair = support::connect_pair(context, options);
  }

  void arrived(const Message& message) { EXPECT_EQ(message.text(), std::to_string(received++)); }

  void send_one() { EXPECT_FALSE(pair.right.post(std::to_string(sent++))); }

  void drain() {
    support::settle(context);
    while (auto message = pair.left.try_receive()) arrived(*message);
    EXPECT_EQ(received, sent);
  }

  /// What a try may do before the turns of the loop that decide it.
  void some_turns() {
    for (auto turns = random() % 4; turns > 0; --turns) context.poll_one();
    context.restart();
  }

  asio::io_context context;
  support::Pair pair;
  std::mt19937 random{20};
  int sent = 0;
  int received = 0;
  int interrupted = 0;
};

TEST_P(Race, between_cancellation_and_arrival_loses_nothing) {
  for (int i = 0; i < tries && !HasFailure(); ++i) {
    std::optional<support::Outcome<Message>> result;
    asio::cancellation_signal signal;
    pair.left.receive(asio::bind_cancellation_slot(signal.slot(), support::store(result)));
    const auto cancel = [&] { signal.emit(asio::cancellation_type::total); };
    const bool send_first = random() % 2 == 0;
    if (send_first) send_one();
    some_turns();
    if (random() % 2 == 0)
      cancel();
    else
      asio::post(context, cancel);
    if (!send_first) send_one();
    ASSERT_TRUE(support::run_until(context, [&] { return result.has_value(); }));
    if (result->code) {
      EXPECT_EQ(result->code, asio::error::operation_aborted);
      ++interrupted;
    } else {
      arrived(result->value);
    }
    drain();
  }
  EXPECT_GT(interrupted, tries / 20) << "the tries did not try";
  EXPECT_LT(interrupted, tries - tries / 20);
}

TEST_P(Race, between_a_deadline_and_arrival_loses_nothing) {
  for (int i = 0; i < tries && !HasFailure(); ++i) {
    std::optional<support::Outcome<Message>> result;
    const bool send_first = random() % 2 == 0;
    pair.left.receive(Clock::now() + std::chrono::microseconds{random() % 30}, support::store(result));
    if (send_first) send_one();
    some_turns();
    if (!send_first) send_one();
    ASSERT_TRUE(support::run_until(context, [&] { return result.has_value(); }));
    if (result->code) {
      EXPECT_EQ(result->code, error::timed_out);
      ++interrupted;
    } else {
      arrived(result->value);
    }
    drain();
  }
  EXPECT_GT(interrupted, 0);
  EXPECT_LT(interrupted, tries);
}

TEST_P(Race, a_coroutine_that_receives_by_short_deadlines_gets_everything_in_order) {
  constexpr int count = 2'000;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        for (int i = 0; i < count; ++i) {
          send_one();
          co_await asio::post(asio::use_awaitable);
        }
      },
      [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
  ASSERT_TRUE(support::run_coroutine(context, [&]() -> asio::awaitable<void> {
    while (received < count) {
      try {
        arrived(co_await pair.left.receive(std::chrono::microseconds{received % 20}));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), error::timed_out);
      }
    }
  }));
  EXPECT_EQ(received, count);
}

INSTANTIATE_TEST_SUITE_P(Streams, Race, ::testing::Values(true, false),
                         [](const auto& test) { return test.param ? "waiting" : "completing"; });

}  // namespace
}  // namespace parley
