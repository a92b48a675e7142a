#include "proxy/faults.hpp"

#include <algorithm>
#include <chrono>

namespace parley::tool {
namespace {

/// Senders that have gone are forgotten when there are more than this.
constexpr std::size_t senders_max = 1024;

/// What may be made up for, as sleeping is not exact.
constexpr std::chrono::milliseconds lateness_max{100};

std::mt19937_64 engine(std::uint64_t seed, std::uint64_t way, std::uint64_t purpose) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                         static_cast<std::uint32_t>(way), static_cast<std::uint32_t>(purpose)};
  return std::mt19937_64{sequence};
}

Duration to_duration(Seconds seconds) { return std::chrono::duration_cast<Duration>(seconds); }

}  // namespace

Faults::Faults(const FaultOptions& options, std::uint64_t way)
    : options_{options}, drop_random_{engine(options.seed, way, 1)}, delay_random_{engine(options.seed, way, 2)} {}

bool Faults::drops() {
  return options_.drop_chance > 0 && std::generate_canonical<double, 53>(drop_random_) < options_.drop_chance;
}

TimePoint Faults::due(const Identity& sender, TimePoint now) {
  if (!options_.delay) return now;
  const Seconds span = options_.delay->most - options_.delay->least;
  const Seconds delay = options_.delay->least + span * std::generate_canonical<double, 53>(delay_random_);
  if (last_due_.size() > senders_max) std::erase_if(last_due_, [now](const auto& each) { return each.second < now; });
  TimePoint& last = last_due_[sender];
  last = std::max(last, now + to_duration(delay));
  return last;
}

TimePoint Faults::throttled(std::size_t size, TimePoint now) {
  if (!options_.throttle) return now;
  const TimePoint begins = std::max(line_free_at_, now - lateness_max);
  line_free_at_ = begins + to_duration(Seconds{static_cast<double>(size) / *options_.throttle});
  return line_free_at_;
}

}  // namespace parley::tool
