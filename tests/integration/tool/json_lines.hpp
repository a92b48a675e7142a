// What --json prints, read by a parser that takes no liberties.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace parley::test {

/// One object for each line; throws std::runtime_error with the line that is not exactly one, and for a last line
/// without its newline.
[[nodiscard]] std::vector<boost::json::object> json_lines(const std::string& output);

}  // namespace parley::test
