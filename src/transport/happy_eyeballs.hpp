// Which address to try when (RFC 8305, sections 4 and 5): no I/O, no clock.
//
//   while (auto index = eyeballs.next_start(now)) connect(addresses[*index]);   // at the start, and after each event
//   …sleep until eyeballs.next_deadline(), or until an attempt ends
//   eyeballs.failed(now);                                                       // for each attempt that failed
//   if (eyeballs.exhausted()) give_up();
//
// The first success ends it all; the driver then closes the others.
// Invariant: started = running + failed <= addresses.
#pragma once

#include <parley/time.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace parley::transport {

class HappyEyeballs {
 public:
  enum class Family { v4, v6, other };

  /// The families of the addresses in the order of preference the resolver gave.
  HappyEyeballs(std::span<const Family> addresses, Duration attempt_delay);

  /// Index of an address to start an attempt at now.
  [[nodiscard]] std::optional<std::size_t> next_start(TimePoint now);

  /// One of the running attempts failed, so the next address is due at once.
  void failed(TimePoint now);

  /// When the next attempt is due; TimePoint::max() if all were started.
  [[nodiscard]] TimePoint next_deadline() const noexcept;

  /// Every attempt was made, and failed.
  [[nodiscard]] bool exhausted() const noexcept { return running_ == 0 && next_ == order_.size(); }

 private:
  Duration attempt_delay_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  TimePoint due_ = TimePoint::min();
};

}  // namespace parley::transport
