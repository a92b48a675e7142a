// Text messages of words with spaces between them.
#pragma once

#include <charconv>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tool::demo {

[[nodiscard]] inline std::vector<std::string> split_words(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// 0 for what is not a number, which then differs from every number of the demo.
[[nodiscard]] inline std::uint64_t to_number(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  return failure == std::errc{} && end == word.data() + word.size() ? number : 0;
}

}  // namespace parley::tool::demo
