// A framing that depends on time: a message is what came until the line was silent for a while.
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::Outcome;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;

/// A user's framing that depends on time.
class PauseDecoder final : public wire::FrameDecoder {
 public:
  explicit PauseDecoder(Duration gap) : gap_{gap} {}

  wire::DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint now) override {
    if (unread.empty()) return eof ? wire::DecodeStep::end() : wire::DecodeStep::needs(1);
    if (unread.size() > seen_) {
      seen_ = unread.size();
      silent_at_ = now + gap_;
    }
    if (!eof && now < *silent_at_) return wire::DecodeStep::needs(unread.size() + 1);
    seen_ = 0;
    silent_at_.reset();
    return wire::DecodeStep::frame(0, unread.size(), unread.size());
  }
  std::optional<TimePoint> next_deadline() const override { return silent_at_; }

 private:
  Duration gap_;
  std::size_t seen_ = 0;
  std::optional<TimePoint> silent_at_;
};

class Pause final : public CustomFraming {
 public:
  explicit Pause(Duration gap) : gap_{gap} {}
  std::unique_ptr<wire::FrameDecoder> make_decoder(std::size_t) const override {
    return std::make_unique<PauseDecoder>(gap_);
  }
  error_code encode(std::span<const std::byte>, wire::Envelope&) const override { return {}; }
  std::string name() const override { return "pause"; }
  bool uses_time() const override { return true; }

 private:
  Duration gap_;
};

struct Timed {
  const char* name;
  bool can_wait;
  Framing (*framing)(Duration gap);
};

Framing pause(Duration gap) { return std::make_shared<Pause>(gap); }
Framing idle_gap(Duration gap) { return IdleGap{.gap = gap}; }

class TimedFraming : public ::testing::TestWithParam<Timed> {
 protected:
  void make(Duration gap, std::size_t receive_mark = limits::receive_high_water_size) {
    support::PairOptions options;
    options.left_plan.can_wait = options.right_plan.can_wait = GetParam().can_wait;
    options.framing(GetParam().framing(gap));
    options.left.receive_high_water_size = receive_mark;
    pair = support::connect_pair(context, options);
  }
  asio::io_context context;
  support::Pair pair;
};

/// So short that it has passed whenever the driver looks again.
constexpr Duration no_gap{1};

TEST_P(TimedFraming, a_pause_ends_a_message_though_no_byte_comes) {
  make(std::chrono::milliseconds{2});
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(pair.right.post("one "));
      EXPECT_FALSE(pair.right.post("message"));
      EXPECT_EQ((co_await pair.left.receive()).text(), "one message");
    }
  }));
}

TEST_P(TimedFraming, a_message_is_found_while_nobody_receives) {
  make(std::chrono::milliseconds{1});
  EXPECT_FALSE(pair.right.post("first"));
  std::optional<Message> message;
  ASSERT_TRUE(run_until(context, [&] { return (message = pair.left.try_receive()).has_value(); }));
  EXPECT_EQ(*message, "first");
}

TEST_P(TimedFraming, the_end_of_the_stream_ends_the_message) {
  make(std::chrono::hours{1});
  EXPECT_FALSE(pair.right.post("last"));
  pair.right = Connection{};
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ((co_await pair.left.receive()).text(), "last");
    EXPECT_EQ(co_await pair.left.next(), std::nullopt);
  }));
}

TEST_P(TimedFraming, a_moment_that_means_nothing_any_more_keeps_no_context_running) {
  make(std::chrono::hours{1});
  EXPECT_FALSE(pair.right.post("last"));
  settle(context);
  pair.right = Connection{};
  EXPECT_TRUE(support::run_to_end(context));
  EXPECT_EQ(pair.left.try_receive(), Message{"last"});
}

TEST_P(TimedFraming, reframing_forgets_the_moment) {
  make(std::chrono::hours{1});
  EXPECT_FALSE(pair.right.post("unfinished"));
  settle(context);
  pair.left.reframe(LengthPrefixed{});
  pair.right = Connection{};
  EXPECT_TRUE(support::run_to_end(context));
  EXPECT_EQ(pair.left.try_receive(), std::nullopt);
}

TEST_P(TimedFraming, closing_does_not_wait_for_the_moment) {
  make(std::chrono::hours{1});
  EXPECT_FALSE(pair.right.post("unfinished"));
  settle(context);
  pair = support::Pair{};
  EXPECT_TRUE(support::run_to_end(context));
}

TEST_P(TimedFraming, messages_nobody_receives_stop_the_reading) {
  make(no_gap, 1000);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(pair.right.post(std::string(100, 'x')));
    settle(context);
  }
  EXPECT_LE(pair.left.stats().receive_queue_size, 1100U);
  std::size_t got = 0;
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    while (got < 100'000) got += (co_await pair.left.receive()).size();
  }));
}

TEST_P(TimedFraming, messages_found_before_reframing_are_not_lost) {
  make(no_gap);
  EXPECT_FALSE(pair.right.post("timed"));
  settle(context);
  pair.left.reframe(LengthPrefixed{});
  pair.right.reframe(LengthPrefixed{});
  EXPECT_FALSE(pair.right.post("framed"));
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ((co_await pair.left.receive()).text(), "timed");
    EXPECT_EQ((co_await pair.left.receive()).text(), "framed");
  }));
}

TEST_P(TimedFraming, a_message_larger_than_the_mark_comes_in_whole_while_nobody_receives) {
  make(std::chrono::hours{1}, 1000);
  EXPECT_FALSE(pair.right.post(std::string(30'000, 'x')));
  settle(context);
  EXPECT_EQ(pair.left.stats().receive_queue_size, 30'000U) << "or a silence would end it in the middle";
  pair.right = Connection{};
  ASSERT_TRUE(run_coroutine(
      context, [&]() -> asio::awaitable<void> { EXPECT_EQ((co_await pair.left.receive()).size(), 30'000U); }));
}

INSTANTIATE_TEST_SUITE_P(Streams, TimedFraming,
                         ::testing::Values(Timed{"custom_waiting", true, pause},
                                           Timed{"custom_completing", false, pause},
                                           Timed{"idle_gap_waiting", true, idle_gap},
                                           Timed{"idle_gap_completing", false, idle_gap}),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(IdleGapConnection, a_message_over_the_limit_is_an_error_with_both_sizes) {
  asio::io_context context;
  support::PairOptions options;
  options.framing(IdleGap{.gap = std::chrono::hours{1}});
  options.left.message_size_max = 10;
  support::Pair pair = support::connect_pair(context, options);
  EXPECT_FALSE(pair.right.post("a device without pauses"));
  std::optional<Outcome<Message>> outcome;
  pair.left.receive(store(outcome));
  ASSERT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->code, error::message_too_large);
  EXPECT_EQ(pair.left.last_error(), "message of 11 bytes exceeds the limit of 10 (inproc://memory)");
}

}  // namespace
}  // namespace parley
