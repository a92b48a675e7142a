// Which message is dropped, and for how long one is held: for one way through the proxy, and the same each time for the
// same seed.
#pragma once

#include "proxy/options.hpp"

#include <parley/identity.hpp>
#include <parley/time.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <unordered_map>

namespace parley::tool {

class Faults {
 public:
  /// `way` tells apart what draws from the same seed.
  Faults(const FaultOptions& options, std::uint64_t way);

  /// Whether the next message is lost.
  [[nodiscard]] bool drops();

  /// When the next message, of this sender, goes on: it does not overtake what the same sender has sent before.
  [[nodiscard]] TimePoint due(const Identity& sender, TimePoint now);

  /// When so many bytes may go, given those that went before.
  [[nodiscard]] TimePoint throttled(std::size_t size, TimePoint now);

 private:
  const FaultOptions& options_;
  // One each, so that what one fault draws does not depend on the others.
  std::mt19937_64 drop_random_;
  std::mt19937_64 delay_random_;
  std::unordered_map<Identity, TimePoint> last_due_;
  TimePoint line_free_at_{};
};

}  // namespace parley::tool
