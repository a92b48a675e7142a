#pragma once

#include "bench/common/body.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/options.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace bench {

// The scenario datagrams: one way, where what the receiver has no room for is lost. The client sends D for --warmup,
// --seconds and a little longer, rests until the receiver has caught up, and then says E, with how many D there were,
// until it is told that it was heard. The receiver's clock makes the window, from the first D on: nothing that may be
// lost does.

/// How long the client sends.
inline double sending_seconds(const Options& o) noexcept { return o.warmup + o.seconds + 0.2; }

/// What is on its way has arrived when nothing was sent for so long.
inline constexpr std::chrono::milliseconds datagrams_rest{200};

/// For the client, between two E: whether the script's line has come.
inline bool line_comes_within(std::chrono::milliseconds time) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, static_cast<int>(time.count())) == 0) return false;
  wait_for_line();
  return true;
}

/// The receiving end: every D is a later one than that before, and what is missing in the end has been reported as
/// lost.
class DatagramTally {
 public:
  explicit DatagramTally(const Options& o) : size_(o.size), warmup_(o.warmup), seconds_(o.seconds) {}

  void see(const void* body, std::size_t size) {
    if (size != size_) throw std::runtime_error("a body of " + std::to_string(size) + " bytes came");
    const std::uint64_t count = count_of(body);
    if (mark_of(body) == Mark::end) {
      sent_ = count;
      over_ = true;
      return;
    }
    if (count < next_) throw std::runtime_error("datagram " + std::to_string(count) + " came twice, or late");
    next_ = count + 1;
    if (received_++ % clock_stride == 0) look_at_clock();
  }

  bool over() const noexcept { return over_; }

  void report(std::uint64_t lost) const {
    if (phase_ != Phase::after) throw std::runtime_error("the sender ended before the window did");
    JsonLine()
        .add("received", measured_)
        .add_rate(measured_, size_, window_)
        .add("received_in_all", received_)
        .add("sent_in_all", sent_)
        .add("lost", lost)
        .add_cpu(window_)
        .print();
  }

 private:
  enum class Phase { before, warm_up, window, after };
  static constexpr std::uint64_t clock_stride = 64;

  void look_at_clock() {
    const auto now = Clock::now();
    const auto after = [&](double seconds) {
      return now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    };
    if (phase_ == Phase::before) {
      phase_ = Phase::warm_up;
      end_ = after(warmup_);
    } else if (phase_ == Phase::warm_up && now >= end_) {
      phase_ = Phase::window;
      end_ = after(seconds_);
      measured_ = received_;
      window_.open();
    } else if (phase_ == Phase::window && now >= end_) {
      phase_ = Phase::after;
      measured_ = received_ - measured_;
      window_.close();
    }
  }

  std::size_t size_;
  double warmup_, seconds_;
  Phase phase_ = Phase::before;
  Clock::time_point end_{};
  Window window_;
  std::uint64_t next_ = 0, received_ = 0, measured_ = 0, sent_ = 0;
  bool over_ = false;
};

}  // namespace bench
