// From what the user wrote to what `parley listen` and `parley connect` are told, with every check that needs no I/O.
#pragma once

#include "kinds/read_kinds.hpp"
#include "read_common.hpp"
#include "talk_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// Options as text, before they are checked.
struct TalkWords : CommonWords {
  std::string endpoint;
  std::optional<std::string> framing;
  std::vector<std::string> filters;
  std::optional<std::string> wait;
  KindWords kinds;
  std::optional<std::string> concurrency;
  std::vector<std::string> bodies;
};

/// `options` has what needs no reading already: flags, and the command. Throws UsageError.
void read_talk(const TalkWords& words, TalkOptions& options);

}  // namespace parley::tool
