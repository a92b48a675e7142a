#pragma once

#include "bench/common/body.hpp"
#include "bench/common/options.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

// The scenario stalled: a server publishes D without end to --peers subscribers in one client process. Whoever has no
// room misses a message, so the server sends no more than those who read can take: each of them says every so often
// how far it has come. Another process may hold a subscriber that never reads (the scenario deaf), and says nothing.

/// Messages after which a subscriber says so; and how many more than that the publisher may be ahead of the slowest,
/// which is well within any queue.
inline std::uint64_t stalled_stride(std::size_t size) { return std::clamp<std::uint64_t>(65536 / size, 1, 1024); }
inline std::uint64_t stalled_lead_max(std::size_t size) { return 8 * stalled_stride(size); }

/// The book of those that read: each has to get every message. After --warmup from the first message on, the window is
/// --seconds long.
class StalledTally {
 public:
  explicit StalledTally(const Options& o) : options_(o), checks_(o.peers), stride_(stalled_stride(o.size)) {}

  /// Whether it is time for this subscriber to say how far it has come.
  bool see(std::size_t subscriber, const void* body, std::size_t body_size) {
    OrderCheck& check = checks_[subscriber];
    check.accept(body, body_size, options_.size);
    if (!over()) ++received_;
    if (check.received() % stride_ != 0) return false;
    look_at_clock();
    return true;
  }

  bool over() const noexcept { return phase_ == Phase::over; }

  void report() const {
    JsonLine().add("received", received_).add_rate(received_, options_.size, window_).add_cpu(window_).print();
  }

 private:
  enum class Phase { nothing_yet, warming_up, measuring, over };

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
  std::vector<OrderCheck> checks_;
  std::uint64_t stride_;
  std::uint64_t received_ = 0;
  Phase phase_ = Phase::nothing_yet;
  Clock::time_point until_{};
  Window window_;
};

}  // namespace bench
