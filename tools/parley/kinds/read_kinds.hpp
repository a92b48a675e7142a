// From --classify, --otherwise and --on to kinds of peers and what answers them.
#pragma once

#include "kinds/kinds.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

struct KindWords {
  std::vector<std::string> classify;     ///< PREFIX=KIND
  std::optional<std::string> otherwise;  ///< KIND
  std::vector<std::string> on;           ///< KIND=COMMAND
};

/// Nothing where none of them was given. Throws UsageError.
[[nodiscard]] std::optional<PeerKinds> read_kinds(const KindWords& words);

}  // namespace parley::tool
