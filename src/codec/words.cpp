#include "codec/words.hpp"

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

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
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
    out += "\\x";
    out += digits[value >> 4];
    out += digits[value & 15];
  }
}

/// Not inside a character of UTF-8.
std::size_t cut_before(std::string_view text, std::size_t size) {
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return size;
}

}  // namespace

std::string quoted(std::string_view text) {
  const bool cut = text.size() > quote_size_max;
  std::string out = "\"";
  for (const char c : cut ? text.substr(0, cut_before(text, quote_size_max)) : text) append_escaped(out, c);
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
