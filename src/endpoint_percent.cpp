#include "endpoint_parts.hpp"

namespace parley::percent {
namespace {

// Not std::isalnum, which asks the locale.
constexpr bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string encode(std::string_view decoded, std::string_view safe) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(decoded.size());
  for (const char c : decoded) {
    if (is_unreserved(c) || safe.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 0xF];
  }
  return encoded;
}

std::size_t raw_offset(std::string_view raw, std::size_t index) noexcept {
  std::size_t offset = 0;
  for (; index > 0; --index) offset += raw[offset] == '%' ? 3 : 1;
  return offset;
}

}  // namespace parley::percent
