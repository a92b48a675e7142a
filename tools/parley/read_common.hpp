// What all commands that talk take, from the text of their options to what it means.
#pragma once

#include "common_options.hpp"
#include "notation.hpp"
#include "read_values.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace parley::tool {

/// Options as text, before they are checked.
struct CommonWords {
  std::optional<std::string> format;
  std::optional<std::string> codec;
  std::optional<std::string> size_max;
  std::optional<std::string> count;
  std::optional<std::string> time_out;
  std::optional<std::string> poll;
};

/// `options` has what needs no reading already. Throws UsageError.
void read_common(const CommonWords& words, CommonOptions& options);

/// --concurrency of what runs commands. Throws UsageError.
[[nodiscard]] std::size_t read_commands_max(const std::string& text);

/// A body given as an argument. Throws UsageError.
[[nodiscard]] std::string read_body(const Notation& notation, const std::string& text);

}  // namespace parley::tool
