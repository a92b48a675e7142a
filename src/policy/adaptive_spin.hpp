// AdaptiveSpin: what the reader of a stream does that has nothing just now, where it may be better to stay awake.
//
// A reader that is a little faster than its writer falls asleep behind every piece, and waking it up, which falls to
// the writer, costs more than the piece does; and one that asks for every piece gets in the writer's way. Where
// WakePace cannot help, as the kernel knows no mark below which it lets the reader sleep, the reader of a stream that
// has been fast for a good while lets some bytes gather, and looks again for a little longer before it sleeps. It stays
// awake for about as long as waking it would take, twice over, so that at worst it costs a few times what sleeping
// would have.
//
// No I/O, no clock.
#pragma once

#include "policy/wake_pace.hpp"

#include <parley/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley::policy {

class AdaptiveSpin {
 public:
  /// Both since bytes last came. In 40 us a writer at full speed fills no socket's buffer, not even one of 208 KiB.
  static constexpr Duration gather_time = std::chrono::microseconds{40};
  static constexpr Duration spin_time = std::chrono::microseconds{80};

  enum class Next : std::uint8_t {
    sleep,
    gather,      ///< not yet: ask again after others have had their turn
    look_again,  ///< read after others have had their turn
  };

  void has_read(std::size_t size) noexcept {
    read_size_ += size;
    has_read_ = true;
  }

  /// The reader has found nothing. `has_written`: this side has written since it last slept, and the peer may be
  /// waiting for an answer to that.
  [[nodiscard]] Next on_nothing(bool has_written, TimePoint now) noexcept {
    if (has_written) {
      is_fast_ = false;
      start_window(now);
    } else if (now - window_begin_ >= WakePace::steady_time) {
      is_fast_ = read_size_ >= size_min(now - window_begin_);
      start_window(now);
    }
    if (has_read_) last_read_ = now;
    has_read_ = false;
    if (!is_fast_ || now - last_read_ >= spin_time) return Next::sleep;
    return now - last_read_ < gather_time ? Next::gather : Next::look_again;
  }

 private:
  static constexpr std::uint64_t size_min(Duration time) noexcept {
    constexpr std::uint64_t size_per_ms = WakePace::rate_min / 1000;
    return size_per_ms * static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
  }

  void start_window(TimePoint now) noexcept {
    window_begin_ = now;
    read_size_ = 0;
  }

  TimePoint window_begin_{};
  TimePoint last_read_{};
  std::uint64_t read_size_ = 0;  // in this window
  bool is_fast_ = false;
  bool has_read_ = false;  // since on_nothing()
};

}  // namespace parley::policy
