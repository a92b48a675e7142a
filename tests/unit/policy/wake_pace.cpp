#include "policy/wake_pace.hpp"

#include <gtest/gtest.h>

namespace parley::policy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1024 * 1024;

/// A stream that is read in equal pieces at equal times, and looked at in each tick.
class Stream {
 public:
  WakePace pace;

  void read(std::uint64_t mib_per_s, Duration time, bool answers = false) {
    constexpr Duration step = 100us;
    for (Duration passed{}; passed < time; passed += step) {
      now_ += step;
      read_size_ += mib_per_s * mib / 10'000;
      pace.on_wait(read_size_, answers, now_);
      if (now_ - last_tick_ >= WakePace::tick) tick();
    }
  }
  /// A tick during which so many bytes came.
  void tick_after(std::uint64_t size) {
    read_size_ += size;
    now_ = last_tick_ + WakePace::tick;
    tick();
  }

 private:
  void tick() {
    pace.on_tick(read_size_, now_);
    last_tick_ = now_;
  }

  TimePoint now_{1h};
  TimePoint last_tick_ = now_;
  std::uint64_t read_size_ = 0;
};

TEST(WakePace, wakes_for_any_byte_at_first_and_in_bursts) {
  Stream stream;
  EXPECT_EQ(stream.pace.low_mark(), 1U);
  stream.read(4000, 9ms);
  EXPECT_FALSE(stream.pace.gathers());
}

TEST(WakePace, gathers_half_a_millisecond_of_a_stream_that_has_been_fast_for_ten) {
  Stream stream;
  stream.read(1000, 20ms);
  EXPECT_TRUE(stream.pace.gathers());
  EXPECT_NEAR(static_cast<double>(stream.pace.low_mark()), 0.5 * mib, 0.1 * mib);
}

TEST(WakePace, never_gathers_more_than_its_bound) {
  Stream stream;
  stream.read(100'000, 20ms);
  EXPECT_EQ(stream.pace.low_mark(), WakePace::low_mark_max);
}

TEST(WakePace, leaves_slow_streams_alone) {
  Stream stream;
  stream.read(200, 1s);
  EXPECT_FALSE(stream.pace.gathers());
}

TEST(WakePace, leaves_conversations_alone) {
  Stream stream;
  stream.read(4000, 1s, true);
  EXPECT_FALSE(stream.pace.gathers());
}

TEST(WakePace, stops_when_something_is_written) {
  Stream stream;
  stream.read(1000, 20ms);
  stream.read(1000, 100us, true);
  EXPECT_FALSE(stream.pace.gathers());
  stream.read(1000, 9ms);
  EXPECT_FALSE(stream.pace.gathers()) << "it has to be steady anew";
  stream.read(1000, 2ms);
  EXPECT_TRUE(stream.pace.gathers());
}

TEST(WakePace, stops_at_the_first_tick_that_saw_nothing) {
  Stream stream;
  stream.read(1000, 20ms);
  stream.tick_after(mib);
  EXPECT_TRUE(stream.pace.gathers());
  stream.tick_after(0);
  EXPECT_EQ(stream.pace.low_mark(), 1U);
  stream.tick_after(0);
  EXPECT_EQ(stream.pace.low_mark(), 1U);
}

TEST(WakePace, follows_the_rate) {
  Stream stream;
  stream.read(1000, 20ms);
  stream.tick_after(2 * mib);
  EXPECT_EQ(stream.pace.low_mark(), mib);
  stream.tick_after(mib / 2);
  EXPECT_EQ(stream.pace.low_mark(), mib / 4);
}

}  // namespace
}  // namespace parley::policy
