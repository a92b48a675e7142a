#include "text.hpp"

#include <algorithm>

namespace parley::tool {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

unsigned char byte_at(std::string_view text, std::size_t i) noexcept { return static_cast<unsigned char>(text[i]); }

void append_hex(std::string& out, char c) {
  const auto value = static_cast<unsigned char>(c);
  out += digits[value >> 4];
  out += digits[value & 0xf];
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Two digits from the front of `rest`.
std::optional<char> take_hex_pair(std::string_view& rest) {
  if (rest.size() < 2 || hex_value(rest[0]) < 0 || hex_value(rest[1]) < 0) return std::nullopt;
  const int value = hex_value(rest[0]) * 16 + hex_value(rest[1]);
  rest.remove_prefix(2);
  return static_cast<char>(value);
}

/// C0, DEL, and the C1 controls U+0080 to U+009F, which terminals obey as well.
bool is_control(std::string_view sequence) noexcept {
  const unsigned char first = byte_at(sequence, 0);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  return sequence.size() == 2 && first == 0xc2 && byte_at(sequence, 1) < 0xa0;
}

/// The letter behind the backslash for the controls that have one, or NUL.
char escape_letter(char c) noexcept {
  switch (c) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\0': return '0';
    default: return '\0';
  }
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    out += '\\';
    if (const char letter = escape_letter(c)) {
      out += letter;
    } else {
      out += 'x';
      append_hex(out, c);
    }
  }
}

/// Copies `bytes`, escaping controls and what is not UTF-8; `special` may write a sequence its own way.
template <class Special>
void append_printable(std::string& out, std::string_view bytes, Special special) {
  while (!bytes.empty()) {
    const std::size_t whole = utf8_sequence_size(bytes);
    const std::string_view sequence = bytes.substr(0, whole == 0 ? 1 : whole);
    bytes.remove_prefix(sequence.size());
    if (whole == 1 && special(sequence[0])) continue;
    if (whole == 0 || is_control(sequence)) {
      append_escaped(out, sequence);
    } else {
      out += sequence;
    }
  }
}

/// All controls are below U+0100, and the last byte of their UTF-8 is their number.
void append_json_control(std::string& out, std::string_view sequence) {
  out += "\\u00";
  append_hex(out, sequence.back());
}

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
    case '"': return '"';
    case 'x': return take_hex_pair(rest);
    default: return std::nullopt;
  }
}

/// Whether the last character is a double quote that no backslash escapes.
bool ends_with_quote(std::string_view text) noexcept {
  if (!text.ends_with('"')) return false;
  const std::string_view before = text.substr(0, text.size() - 1);
  const std::size_t last_other = before.find_last_not_of('\\');
  const std::size_t backslashes = before.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
  return backslashes % 2 == 0;
}

}  // namespace

std::size_t utf8_sequence_size(std::string_view rest) noexcept {
  if (rest.empty()) return 0;
  const unsigned char first = byte_at(rest, 0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || rest.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte_at(rest, i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte_at(rest, 1);
  // Longer than necessary, surrogates, and above U+10FFFF.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t size = utf8_sequence_size(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string terminal_safe(std::string_view bytes, NewLines new_lines) {
  std::string out;
  append_printable(out, bytes, [&](char c) {
    const bool harmless = c == '\t' || (c == '\n' && new_lines == NewLines::keep);
    if (harmless) out += c;
    return harmless;
  });
  return out;
}

std::string quote(std::string_view bytes) {
  std::string out = "\"";
  append_printable(out, bytes, [&](char c) {
    if (c != '\\' && c != '"') return false;
    out += '\\';
    out += c;
    return true;
  });
  return out += '"';
}

std::optional<std::string> unquote(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && ends_with_quote(text)) text = text.substr(1, text.size() - 2);
  std::string bytes;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      bytes += c;
      continue;
    }
    const std::optional<char> escaped = take_escape(text);
    if (!escaped) return std::nullopt;
    bytes += *escaped;
  }
  return bytes;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t size_max = 60;
  return quote(text.substr(0, size_max)) + (text.size() > size_max ? "…" : "");
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) append_hex(out, c);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const std::optional<char> byte = take_hex_pair(text);
    if (!byte) return std::nullopt;
    bytes += *byte;
  }
  return bytes;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t whole = utf8_sequence_size(text);
    const std::string_view sequence = text.substr(0, whole == 0 ? 1 : whole);
    text.remove_prefix(sequence.size());
    const char c = sequence.front();
    if (whole == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += '\\';
      out += escape_letter(c);
    } else if (is_control(sequence)) {
      append_json_control(out, sequence);
    } else {
      out += sequence;
    }
  }
  return out += '"';
}

std::string json_without_controls(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const std::string_view sequence = json.substr(0, std::max<std::size_t>(utf8_sequence_size(json), 1));
    json.remove_prefix(sequence.size());
    if (is_control(sequence)) {
      append_json_control(out, sequence);
    } else {
      out += sequence;
    }
  }
  return out;
}

std::string count_of_messages(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " message" : " messages");
}

}  // namespace parley::tool
