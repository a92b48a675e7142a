#include "codec/words.hpp"

#include <parley/wire/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace parley::codec {
namespace {

constexpr std::size_t quote_size_max = 40;

bool is_name(std::string_view text) {
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= quote_size_max && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), in_name);
}

void append_hexadecimal(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(c);
  out += "\\x";
  out += digits[value >> 4];
  out += digits[value & 15];
}

void append_escaped(std::string& out, char c) {
  const auto value = static_cast<unsigned char>(c);
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (value >= 0x20 && value != 0x7f) {
    out += c;
  } else {
    append_hexadecimal(out, c);
  }
}

/// U+0080 to U+009F in UTF-8, which terminals obey as they do those below U+0020.
bool begins_with_control(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

/// Not inside a character of UTF-8.
std::size_t cut_before(std::string_view text, std::size_t size) {
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return size;
}

}  // namespace

std::string quoted(std::string_view text) {
  const bool cut = text.size() > quote_size_max;
  std::string_view rest = cut ? text.substr(0, cut_before(text, quote_size_max)) : text;
  std::string out = "\"";
  while (!rest.empty()) {
    const std::size_t valid = wire::valid_utf8_size(rest);
    for (std::string_view part = rest.substr(0, valid); !part.empty(); part.remove_prefix(1)) {
      if (begins_with_control(part)) {
        append_hexadecimal(out, part[0]);
        append_hexadecimal(out, part[1]);
        part.remove_prefix(1);
      } else {
        append_escaped(out, part[0]);
      }
    }
    rest.remove_prefix(valid);
    if (rest.empty()) break;
    append_hexadecimal(out, rest[0]);
    rest.remove_prefix(1);
  }
  out += cut ? "…\"" : "\"";
  return out;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

void append_key(std::string& path, std::string_view key) {
  if (is_name(key)) {
    path += '.';
    path += key;
  } else {
    path += '[' + quoted(key) + ']';
  }
}

void append_index(std::string& path, std::size_t index) { path += '[' + std::to_string(index) + ']'; }

std::string found_integer(std::int64_t value) { return "integer " + std::to_string(value); }
std::string found_integer(std::uint64_t value) { return "integer " + std::to_string(value); }
std::string found_real(double value) { return "number " + number_text(value); }
std::string found_string(std::string_view value) { return "string " + quoted(value); }
std::string found_bytes(std::size_t size) {
  return "byte string of " + std::to_string(size) + (size == 1 ? " byte" : " bytes");
}

}  // namespace parley::codec
