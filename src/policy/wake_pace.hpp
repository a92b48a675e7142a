// WakePace: for how many bytes at once the reader of a stream wants to be woken up.
//
// A reader that is faster than its writer falls asleep behind every segment, and waking it up, which falls to the
// writer, costs more than the segment does. So where bytes stream in and none go out, the reader asks to be woken for
// half a millisecond of them at a time, as network cards gather their interrupts. That is asked for only after the
// stream has been fast for a good while, so that the most that the last of the bytes can be late by, two ticks, is
// little beside the time that those before them took; and no longer than it goes on.
//
// No I/O, no clock.
#pragma once

#include <parley/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley::policy {

class WakePace {
 public:
  /// How long a stream has to have been fast, and how fast, in bytes a second.
  static constexpr Duration steady_time = std::chrono::milliseconds{10};
  static constexpr std::uint64_t rate_min = 256 * 1024 * 1024;
  /// While bytes are gathered: how often on_tick() wants to be called.
  static constexpr Duration tick = std::chrono::milliseconds{1};
  static constexpr std::uint64_t low_mark_max = 1024 * 1024;

  /// Wake the reader when so many bytes have come, or none will follow; 1: for any.
  [[nodiscard]] std::uint64_t low_mark() const noexcept { return low_mark_; }
  [[nodiscard]] bool gathers() const noexcept { return low_mark_ > 1; }

  /// The reader is about to wait, having read `read_size` bytes in all. `has_written`: so has this side since it last
  /// waited, and the peer may be waiting for an answer to that.
  void on_wait(std::uint64_t read_size, bool has_written, TimePoint now) noexcept {
    if (has_written) {
      low_mark_ = 1;
      since_ = now;
      read_size_then_ = read_size;
    } else if (!gathers() && now - since_ >= steady_time) {
      judge(read_size, now);
    }
  }

  void on_tick(std::uint64_t read_size, TimePoint now) noexcept {
    if (gathers()) judge(read_size, now);
  }

 private:
  void judge(std::uint64_t read_size, TimePoint now) noexcept {
    const auto ticks = static_cast<std::uint64_t>(std::max<Duration::rep>((now - since_) / tick, 1));
    const std::uint64_t size_per_tick = (read_size - read_size_then_) / ticks;
    const bool is_fast = size_per_tick >= rate_min / (std::chrono::seconds{1} / tick);
    // Half a tick's bytes, so that each tick of a steady stream sees some being read.
    low_mark_ = is_fast ? std::min(size_per_tick / 2, low_mark_max) : 1;
    since_ = now;
    read_size_then_ = read_size;
  }

  std::uint64_t low_mark_ = 1;
  TimePoint since_{};  // since when, and since how many bytes, the rate is looked at
  std::uint64_t read_size_then_ = 0;
};

}  // namespace parley::policy
