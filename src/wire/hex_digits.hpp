// Hexadecimal digits, in both directions.
#pragma once

#include <string_view>

namespace parley::wire {

inline constexpr std::string_view hex_digits = "0123456789abcdef";

/// -1 for what is none, in lower or upper case.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace parley::wire
