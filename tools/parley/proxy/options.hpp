// What `parley proxy` is told.
#pragma once

#include "common_options.hpp"
#include "socket/options.hpp"

#include <cstdint>
#include <optional>

namespace parley::tool {

/// What goes wrong on purpose.
struct FaultOptions {
  struct Delay {
    Seconds least{0};
    Seconds most{0};
  };

  std::optional<Seconds> cut_interval;  ///< between two connections that are cut
  std::optional<Delay> delay;           ///< of each message
  double drop_chance = 0;               ///< of each message
  std::optional<double> throttle;       ///< bytes a second, each way
  std::uint64_t seed = 0;

  [[nodiscard]] bool any() const noexcept { return cut_interval || delay || drop_chance > 0 || throttle; }
};

struct ProxyOptions : CommonOptions {
  PartyOptions front{};
  PartyOptions back{};
  bool both_ways = false;
  FaultOptions faults{};

  /// Nothing is acknowledged at the front before it has been at the back.
  [[nodiscard]] bool confirms() const noexcept { return back.socket.delivery == Delivery::at_least_once; }
};

}  // namespace parley::tool
