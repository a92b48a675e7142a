// The command line of parley-agent. It is the same for every implementation of the protocol, so that one suite can
// start any two of them: all options take a value, switches included.
#pragma once

#include "settings.hpp"

#include <optional>
#include <stdexcept>
#include <string>

namespace parley::agent {

/// What is wrong with the command line, as a sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Nothing, when help is asked for. Throws UsageError.
[[nodiscard]] std::optional<Settings> parse_command_line(int argc, const char* const* argv);

[[nodiscard]] std::string help_text();

}  // namespace parley::agent
