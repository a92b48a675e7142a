#include <parley/wire/yamux_window.hpp>

#include "support/mux_link.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using wire::yamux_window;
using wire::YamuxReceiveWindow;
using wire::YamuxSendWindow;

constexpr double gigabit = 125e6;

TEST(YamuxWindow, does_not_overflow) {
  YamuxSendWindow window;
  EXPECT_TRUE(window.add(0xffff'ffff - yamux_window));
  EXPECT_FALSE(window.add(1));
  EXPECT_EQ(window.left, 0xffff'ffffU);
}

TEST(YamuxWindow, is_left_unread_and_due) {
  YamuxReceiveWindow window;
  window.receive(200'000);
  EXPECT_EQ(window.due(), 0U);
  window.consume(131'071);
  EXPECT_FALSE(window.wants_update());
  window.consume(1);
  EXPECT_TRUE(window.wants_update());
  EXPECT_EQ(window.due(), 131'072U);
  EXPECT_EQ(window.left + window.unread + window.due(), window.size);
}

TEST(YamuxWindow, holds_back_half_of_a_small_one_and_an_eighth_of_a_large_one) {
  EXPECT_EQ(YamuxReceiveWindow::batch(256 << 10), 128U << 10);
  EXPECT_EQ(YamuxReceiveWindow::batch(512 << 10), 128U << 10);
  EXPECT_EQ(YamuxReceiveWindow::batch(16 << 20), 2U << 20);
}

TEST(YamuxWindow, is_large_enough_where_bandwidth_x_delay_is_well_below) {
  YamuxReceiveWindow window;
  const TimePoint begin{1h};
  EXPECT_EQ(window.measured_size(10ms, begin), window.size) << "nothing to compare with";
  window.sampled = 100'000;
  EXPECT_EQ(window.measured_size(10ms, begin + 10ms), window.size);
  window.sampled = 250'000;
  EXPECT_EQ(window.measured_size(10ms, begin + 20ms), 500'000U);
  window.sampled = 10'000'000;
  EXPECT_EQ(window.measured_size(10us, begin + 20ms + 100us), window.size) << "too soon to tell";
}

TEST(YamuxWindow, of_fixed_size_leaves_most_of_a_long_link_unused) {
  MuxLink link{gigabit, 50ms, {.window_max = yamux_window}};
  const double part = static_cast<double>(link.run(4s, 250us)) / (4 * gigabit);
  EXPECT_LT(part, 0.025);
  EXPECT_EQ(link.window(), yamux_window);
}

TEST(YamuxWindow, grows_until_a_long_link_is_full) {
  MuxLink link{gigabit, 50ms, {}};
  const double beginning = static_cast<double>(link.run(2s, 250us)) / (2 * gigabit);
  const double later = static_cast<double>(link.run(4s, 250us)) / (4 * gigabit);
  EXPECT_GT(beginning, 0.3);
  EXPECT_GT(later, 0.95);
  EXPECT_LE(link.window(), 16U << 20);
  RecordProperty("window", static_cast<int>(link.window()));
}

TEST(YamuxWindow, takes_no_round_trip_for_shorter_than_programs_beside_bulk_need) {
  YamuxReceiveWindow window;
  const TimePoint begin{1h};
  EXPECT_EQ(window.measured_size(20us, begin), window.size);
  window.sampled = 2'500'000;
  EXPECT_EQ(window.measured_size(20us, begin + 1ms), 500'000U);
}

TEST(YamuxWindow, stays_small_on_a_short_link) {
  MuxLink link{10 * gigabit, 25us, {}};  // 62,500 bytes are on their way
  link.run(200ms, 5us);
  EXPECT_EQ(link.window(), yamux_window);
}

TEST(YamuxWindow, grows_to_no_more_than_several_times_what_the_link_holds) {
  MuxLink link{gigabit, 5ms, {}};  // 1,250,000 bytes
  link.run(1s, 50us);
  EXPECT_GE(link.window(), 1'250'000U);
  EXPECT_LE(link.window(), 4'000'000U);
}

TEST(YamuxWindow, all_together_grow_no_further_than_the_session_allows) {
  MuxLink link{gigabit, 50ms, {.window_growth_max = 1'000'000}};
  link.run(2s, 250us);
  EXPECT_EQ(link.window(), yamux_window + 1'000'000);
}

TEST(YamuxWindow, measures_the_round_trip_by_itself_if_it_has_to) {
  MuxLink link{gigabit, 50ms, {.handshake_ping = false, .keep_alive_interval = 0s}};
  link.run(3s, 250us);
  EXPECT_GT(link.window(), 10'000'000U);
}

}  // namespace
}  // namespace parley::test
