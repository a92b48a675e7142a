// How often a property is tried.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace parley::test {

/// Times PARLEY_PROPERTY_SCALE, which long runs set.
[[nodiscard]] inline unsigned try_count(unsigned base) {
  const char* const scale = std::getenv("PARLEY_PROPERTY_SCALE");
  const int factor = scale == nullptr ? 1 : std::atoi(scale);
  return base * static_cast<unsigned>(std::max(factor, 1));
}

}  // namespace parley::test
