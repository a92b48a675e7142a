#pragma once

#include "bench/common/body.hpp"
#include "bench/common/latency_histogram.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace bench {

// The scenario connect: connect, one round trip, close, --count times. A connection with S before and one with E after
// the measured ones tell the server where the window is.

/// Throws unless `body` is the echo of the body with this index.
inline void check_echo(const void* body, std::size_t size, std::uint64_t index, std::size_t expected_size) {
  if (size != expected_size || count_of(body) != index)
    throw std::runtime_error("a reply came on the wrong connection");
}

/// The client's times, each from before the connect to after the close.
class ConnectRun {
 public:
  void begin() noexcept {
    window_.open();
    measuring_ = true;
  }

  void end() noexcept {
    window_.close();
    measuring_ = false;
  }

  /// One connection is closed now that began at `began`. Counts only between begin() and end().
  void record(Clock::time_point began) noexcept {
    if (measuring_) times_.record(std::chrono::nanoseconds(Clock::now() - began).count());
  }

  void report() const {
    JsonLine()
        .add("round_trips", times_.count())
        .add("elapsed_s", window_.elapsed_s())
        .add("p50_ns", times_.quantile(0.5))
        .add("p99_ns", times_.quantile(0.99))
        .add_cpu(window_)
        .print();
  }

 private:
  LatencyHistogram times_;
  Window window_;
  bool measuring_ = false;
};

}  // namespace bench
