#include "policy/adaptive_spin.hpp"

#include <gtest/gtest.h>

namespace parley::policy {
namespace {

using namespace std::chrono_literals;

using Next = AdaptiveSpin::Next;

/// A reader that has read all there is after each piece.
class Reader {
 public:
  Next read(std::size_t size, Duration after, bool has_written = false) {
    spin_.has_read(size);
    return look(after, has_written);
  }
  Next look(Duration after, bool has_written = false) {
    now_ += after;
    return spin_.on_nothing(has_written, now_);
  }
  /// What it does after the last piece.
  Next read_for(Duration time, std::size_t size, bool has_written = false) {
    Next next = Next::sleep;
    for (Duration passed{}; passed < time; passed += 100us) next = read(size, 100us, has_written);
    return next;
  }

 private:
  AdaptiveSpin spin_;
  TimePoint now_{1h};
};

constexpr std::size_t fast = 64 * 1024;  // in 100 us: 625 MiB/s
constexpr std::size_t slow = 20 * 1024;  // in 100 us: 195 MiB/s

TEST(AdaptiveSpin, sleeps_at_first_and_in_bursts) {
  Reader reader;
  EXPECT_EQ(reader.read_for(9ms, fast), Next::sleep);
}

TEST(AdaptiveSpin, lets_bytes_gather_where_a_stream_has_been_fast_for_ten_milliseconds) {
  Reader reader;
  EXPECT_EQ(reader.read_for(21ms, fast), Next::gather);
}

TEST(AdaptiveSpin, looks_again_when_bytes_should_have_gathered_and_sleeps_when_none_have) {
  Reader reader;
  ASSERT_EQ(reader.read_for(21ms, fast), Next::gather);
  EXPECT_EQ(reader.look(AdaptiveSpin::gather_time), Next::look_again);
  EXPECT_EQ(reader.read(1, 0us), Next::gather);
  EXPECT_EQ(reader.look(AdaptiveSpin::spin_time - 1us), Next::look_again);
  EXPECT_EQ(reader.look(1us), Next::sleep);
}

TEST(AdaptiveSpin, sleeps_when_the_stream_has_become_slow) {
  Reader reader;
  ASSERT_EQ(reader.read_for(21ms, fast), Next::gather);
  EXPECT_EQ(reader.read_for(21ms, slow), Next::sleep);
}

TEST(AdaptiveSpin, sleeps_after_a_pause_until_the_stream_is_known_to_be_fast_again) {
  Reader reader;
  ASSERT_EQ(reader.read_for(21ms, fast), Next::gather);
  EXPECT_EQ(reader.read(fast, 1s), Next::sleep);
  EXPECT_EQ(reader.read_for(21ms, fast), Next::gather);
}

TEST(AdaptiveSpin, leaves_conversations_alone) {
  Reader reader;
  EXPECT_EQ(reader.read_for(1s, fast, true), Next::sleep);
  ASSERT_EQ(reader.read_for(21ms, fast), Next::gather);
  EXPECT_EQ(reader.read(fast, 100us, true), Next::sleep);
}

}  // namespace
}  // namespace parley::policy
