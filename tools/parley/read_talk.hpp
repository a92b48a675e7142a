// From what the user wrote to what `parley listen` and `parley connect` are told, with every check that needs no I/O.
#pragma once

#include "talk_options.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::tool {

/// A command line that makes no sense; what() says why, in one or more lines.
class UsageError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Throws UsageError.
[[noreturn]] void refuse(const std::string& sentence);

/// Options as text, before they are checked.
struct Written {
  std::string endpoint;
  std::optional<std::string> framing;
  std::optional<std::string> format;
  std::optional<std::string> codec;
  std::optional<std::string> size_max;
  std::optional<std::string> count;
  std::optional<std::string> time_out;
  std::optional<std::string> wait;
  std::optional<std::string> poll;
  std::vector<std::string> bodies;
};

/// Both throw UsageError.
[[nodiscard]] Endpoint read_endpoint(const std::string& text);
/// `options` has what needs no reading already: flags, and the command.
void read_talk(const Written& written, TalkOptions& options);

}  // namespace parley::tool
