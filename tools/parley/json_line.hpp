// One JSON object on one line, built member by member.
#pragma once

#include "text.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace parley::tool {

class JsonLine {
 public:
  explicit JsonLine(std::string_view event) : text_{"{\"event\":" + json_string(event)} {}

  JsonLine& add(std::string_view key, std::string_view value) { return add_raw(key, json_string(value)); }
  template <std::integral Number>
  JsonLine& add(std::string_view key, Number value) {
    return add_raw(key, std::to_string(value));
  }

  /// `value` is JSON already.
  JsonLine& add_json(std::string_view key, std::string_view value) { return add_raw(key, value); }

  /// With the newline.
  [[nodiscard]] std::string line() const { return text_ + "}\n"; }

 private:
  JsonLine& add_raw(std::string_view key, std::string_view value) {
    text_ += ',';
    text_ += json_string(key);
    text_ += ':';
    text_ += value;
    return *this;
  }

  std::string text_;
};

}  // namespace parley::tool
