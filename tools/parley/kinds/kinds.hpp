// Kinds of peers, told by their first messages, and the command that answers those of each.
#pragma once

#include <parley/app/classify.hpp>

#include <functional>
#include <map>
#include <string>

namespace parley::tool {

struct PeerKinds {
  app::ByPrefix table;
  /// For the shell, by kind. Every kind has one but `unclassified`, which then nobody answers.
  std::map<std::string, std::string, std::less<>> commands;
};

}  // namespace parley::tool
