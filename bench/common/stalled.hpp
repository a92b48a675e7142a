#pragma once

#include "bench/common/body.hpp"
#include "bench/common/options.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

// The scenario stalled: a server publishes D without end to --peers subscribers in one client process, and does not
// wait for any of them: what a subscriber has no room for, it misses. Another process may hold a subscriber that never
// reads (the scenario deaf). How much do the others get?

/// The book of those that read. After --warmup from the first message on, the window is --seconds long.
class StalledTally {
 public:
  explicit StalledTally(const Options& o) : options_(o), next_(o.peers) {}

  void see(std::size_t subscriber, const void* body, std::size_t body_size) {
    if (over()) return;
    check(next_[subscriber], body, body_size);
    next_[subscriber] = count_of(body) + 1;
    ++received_;
    if (received_ % clock_stride == 1) look_at_clock();
  }

  bool over() const noexcept { return phase_ == Phase::over; }

  void report() const {
    JsonLine().add("received", received_).add_rate(received_, options_.size, window_).add_cpu(window_).print();
  }

 private:
  enum class Phase { nothing_yet, warming_up, measuring, over };
  static constexpr std::uint64_t clock_stride = 256;

  /// Some may be missing, but none comes twice or out of order.
  void check(std::uint64_t next, const void* body, std::size_t body_size) const {
    if (mark_of(body) == Mark::data && body_size == options_.size && count_of(body) >= next) [[likely]]
      return;
    throw std::runtime_error("message " + std::to_string(count_of(body)) + " of " + std::to_string(body_size) +
                             " bytes came where " + std::to_string(next) + " or a later one was due");
  }

  void look_at_clock() {
    const auto now = Clock::now();
    if (phase_ != Phase::nothing_yet && now < until_) return;
    switch (phase_) {
      case Phase::nothing_yet: begin(Phase::warming_up, now, options_.warmup); return;
      case Phase::warming_up:
        begin(Phase::measuring, now, options_.seconds);
        received_ = 0;
        window_.open();
        return;
      case Phase::measuring:
        window_.close();
        phase_ = Phase::over;
        return;
      case Phase::over: return;
    }
  }

  void begin(Phase phase, Clock::time_point now, double seconds) {
    phase_ = phase;
    until_ = now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  const Options& options_;
  std::vector<std::uint64_t> next_;  // the lowest index each may get now
  std::uint64_t received_ = 0;
  Phase phase_ = Phase::nothing_yet;
  Clock::time_point until_{};
  Window window_;
};

}  // namespace bench
