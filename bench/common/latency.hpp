#pragma once

#include "bench/common/body.hpp"
#include "bench/common/latency_histogram.hpp"
#include "bench/common/options.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace bench {

/// The timing end of a latency run: warm-up, S, D for --seconds, E, each echoed before the next is sent. It says what
/// to send and is told of the echo, so that a plain loop and a coroutine drive it alike:
///
///     while (const auto mark = run.next()) { send *mark; receive the echo; run.echoed(body, size); }
///     run.report();
class LatencyRun {
 public:
  struct Next {
    Mark mark;
    std::uint64_t count;
  };

  explicit LatencyRun(const Options& o)
      : size_(o.size), seconds_(o.seconds), last_(Clock::now()), end_(after(o.warmup)) {}

  std::optional<Next> next() noexcept {
    if (current_ == Mark::end) return std::nullopt;
    if (current_ == Mark::start) {
      begin_window();
    } else if (last_ >= end_) {
      current_ = measuring_ ? end_window() : Mark::start;
      return Next{current_, measuring_ ? check_.received() : 0};
    }
    current_ = Mark::data;
    return Next{current_, check_.received()};
  }

  /// Throws std::runtime_error when this is not the echo of what next() said.
  void echoed(const void* body, std::size_t size) {
    if (check_.accept(body, size, size_) != current_) throw std::runtime_error("an echo has the wrong marker");
    const auto now = Clock::now();
    if (current_ == Mark::data) times_.record(std::chrono::nanoseconds(now - last_).count());
    last_ = now;
  }

  void report() const {
    JsonLine()
        .add("round_trips", times_.count())
        .add_percentiles(times_)
        .add("elapsed_s", window_.elapsed_s())
        .add_cpu(window_)
        .print();
  }

 private:
  Clock::time_point after(double seconds) const noexcept {
    return last_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void begin_window() noexcept {
    times_.clear();
    window_.open();
    measuring_ = true;
    last_ = Clock::now();
    end_ = after(seconds_);
  }

  Mark end_window() noexcept {
    window_.close();
    return Mark::end;
  }

  std::size_t size_;
  double seconds_;
  Clock::time_point last_, end_;  // of the last echo; of the warm-up or the window
  Mark current_ = Mark::data;
  bool measuring_ = false;
  OrderCheck check_;
  LatencyHistogram times_;
  Window window_;
};

}  // namespace bench
