// Silence: for how long a peer has been silent, and what that means. No I/O; it is told the time.
//
// It is looked at when its deadline has come, and not each time the peer says something: so that costs nothing.
#pragma once

#include <parley/time.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::app::detail {

struct SilenceRules {
  /// When to tell of it, in rising order.
  std::vector<Duration> tell_after;
  /// When it is enough; 0: never.
  Duration silence_max{0};

  [[nodiscard]] bool any() const noexcept { return !tell_after.empty() || silence_max > Duration{0}; }
};

class Silence {
 public:
  /// The peer as it is at a look.
  struct Seen {
    TimePoint heard_at;         ///< when something came last, or a handler ended
    bool is_at_work = false;    ///< a handler of the peer runs, and so nothing is taken from it
    std::uint64_t written = 0;  ///< bytes to it, in all
    bool has_queued = false;    ///< there are more
  };
  enum class Over : std::uint8_t { no, silent, too_slow };
  struct Due {
    /// Of SilenceRules::tell_after, those whose time has come: [tell_begin, tell_end).
    std::size_t tell_begin = 0;
    std::size_t tell_end = 0;
    Over over = Over::no;
    /// When to look again.
    TimePoint next = TimePoint::max();
  };

  explicit Silence(TimePoint now) noexcept : heard_at_{now}, moved_at_{now} {}

  /// For a peer that has just come.
  [[nodiscard]] static TimePoint first_look(const SilenceRules& rules, TimePoint now);

  [[nodiscard]] Due look(const SilenceRules& rules, const Seen& seen, TimePoint now);

 private:
  TimePoint heard_at_;
  TimePoint moved_at_;
  std::uint64_t written_ = 0;
  std::size_t told_count_ = 0;  // since heard_at_
};

}  // namespace parley::app::detail
