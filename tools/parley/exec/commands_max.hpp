// How many commands of a user may be at work at a time.
#pragma once

#include <cstddef>

namespace parley::tool {

/// Enough to keep any machine busy.
inline constexpr std::size_t commands_max_default = 32;
/// Each takes a few processes and five descriptors.
inline constexpr std::size_t commands_max_limit = 1000;

}  // namespace parley::tool
