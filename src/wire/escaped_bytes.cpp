#include "wire/escaped_bytes.hpp"

#include "wire/hex_digits.hpp"

#include <optional>
#include <stdexcept>

namespace parley::wire {
namespace {

/// Takes one escape, which begins behind its backslash, from the front of `rest`; nothing when it is none of ours.
std::optional<char> take_escape(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char kind = rest.front();
  rest.remove_prefix(1);
  switch (kind) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '0': return '\0';
    case '\\': return '\\';
    case 'x': break;
    default: return std::nullopt;
  }
  if (rest.size() < 2 || hex_digit(rest[0]) < 0 || hex_digit(rest[1]) < 0) return std::nullopt;
  const int value = hex_digit(rest[0]) * 16 + hex_digit(rest[1]);
  rest.remove_prefix(2);
  return static_cast<char>(value);
}

void append_escaped(std::string& text, char c, char reserved) {
  switch (c) {
    case '\n': text += "\\n"; return;
    case '\r': text += "\\r"; return;
    case '\t': text += "\\t"; return;
    case '\0': text += "\\0"; return;
    case '\\': text += "\\\\"; return;
    default: break;
  }
  // What is not printable ASCII would not survive a terminal.
  if (c > ' ' && c < '\x7f' && c != reserved) {
    text += c;
    return;
  }
  const auto value = static_cast<unsigned char>(c);
  text += "\\x";
  text += hex_digits[value >> 4];
  text += hex_digits[value & 0xf];
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::string_view rest = text; !rest.empty();) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      bytes.push_back(c);
      continue;
    }
    const std::optional<char> escaped = take_escape(rest);
    if (!escaped)
      throw std::invalid_argument("bad escape in '" + std::string{text} +
                                  "'; the escapes are \\n \\r \\t \\0 \\\\ and \\xHH");
    bytes.push_back(*escaped);
  }
  return bytes;
}

std::string escape(std::string_view bytes, char reserved) {
  std::string text;
  for (const char c : bytes) append_escaped(text, c, reserved);
  return text;
}

}  // namespace parley::wire
