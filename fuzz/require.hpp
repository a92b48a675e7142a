#pragma once

#include <cstdlib>

namespace parley::fuzz {

/// What has to hold for every input; it is a crash if it does not.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace parley::fuzz
