#include "wire/json_scanner.hpp"

#include "wire/hex_digits.hpp"

#include <parley/wire/utf8.hpp>

#include <charconv>

namespace parley::wire {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

char unescaped(char kind) noexcept {
  switch (kind) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return kind;
  }
}

}  // namespace

bool JsonScanner::encoding() { return is_utf8(text_) || fail("is not UTF-8", valid_utf8_size(text_)); }

bool JsonScanner::end() {
  blanks();
  return at_ == text_.size() || fail("goes on after its end");
}

void JsonScanner::blanks() noexcept {
  while (is_blank(here())) ++at_;
}

bool JsonScanner::expect(char c, const char* what) noexcept {
  blanks();
  if (at_ == text_.size() || text_[at_] != c) return fail(what);
  ++at_;
  return true;
}

bool JsonScanner::member_key(std::string_view& key) noexcept {
  blanks();
  Quoted found;
  if (!quoted(found) || !expect(':', "lacks a colon behind a key")) return false;
  blanks();
  key = text_.substr(found.begin, found.end - found.begin);
  return true;
}

// --- texts -----------------------------------------------------------------------------------------------------------

bool JsonScanner::text(std::string_view& to) {
  Quoted found;
  if (!quoted(found)) return false;
  to = found.has_escapes ? decode(found) : text_.substr(found.begin, found.end - found.begin);
  return true;
}

bool JsonScanner::quoted(Quoted& found) noexcept {
  if (at_ == text_.size() || text_[at_] != '"') return fail("has something else in place of a text");
  found.begin = ++at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      found.end = at_++;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return fail("has a control character in a text");
    if (c != '\\') continue;
    found.has_escapes = true;
    if (!escape()) return false;
  }
  return fail("ends in a text");
}

/// At a backslash; leaves the position on the last character of the escape.
bool JsonScanner::escape() noexcept {
  constexpr std::string_view simple = "\"\\/bfnrt";
  const std::size_t begin = at_++;
  if (at_ < text_.size() && simple.find(text_[at_]) != std::string_view::npos) return true;
  std::uint32_t unit = 0;
  if (here() != 'u' || !code_unit(unit)) return fail("has an escape that JSON does not know", begin);
  if (unit < 0xD800 || unit >= 0xE000) return true;
  std::uint32_t low = 0;
  const bool is_pair =
      unit < 0xDC00 && text_.substr(at_ + 1, 2) == "\\u" && (at_ += 2, code_unit(low)) && low >= 0xDC00 && low < 0xE000;
  return is_pair || fail("has half of a surrogate pair", begin);
}

/// At the `u`; leaves the position on the last of four digits.
bool JsonScanner::code_unit(std::uint32_t& unit) noexcept {
  unit = 0;
  if (text_.size() - at_ < 5) return false;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(text_[++at_]);
    if (digit < 0) return false;
    unit = unit << 4 | static_cast<std::uint32_t>(digit);
  }
  return true;
}

std::uint32_t JsonScanner::unit_at(std::size_t at) const noexcept {
  std::uint32_t unit = 0;
  for (std::size_t i = 0; i < 4; ++i) unit = unit << 4 | static_cast<std::uint32_t>(hex_digit(text_[at + i]));
  return unit;
}

/// What the escapes stand for; they have been checked. What was decoded before stays where it is.
std::string_view JsonScanner::decode(const Quoted& found) {
  if (!has_decoded_) {
    decoded_.clear();
    decoded_.reserve(text_.size());
    has_decoded_ = true;
  }
  const std::size_t begin = decoded_.size();
  for (std::size_t i = found.begin; i < found.end; ++i) {
    if (text_[i] != '\\') {
      decoded_ += text_[i];
      continue;
    }
    const char kind = text_[++i];
    if (kind != 'u') {
      decoded_ += unescaped(kind);
      continue;
    }
    std::uint32_t code = unit_at(i + 1);
    i += 4;
    if (code >= 0xD800 && code < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (unit_at(i + 3) - 0xDC00);
      i += 6;
    }
    append_utf8(decoded_, code);
  }
  return std::string_view{decoded_}.substr(begin);
}

bool is_json(std::string_view text) {
  std::string decoded;
  JsonScanner json{text, decoded};
  return json.encoding() && json.value() && json.end();
}

std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20) {
      quoted += "\\u00";
      quoted += hex_digits[code >> 4];
      quoted += hex_digits[code & 15];
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

// --- numbers, and what is passed over --------------------------------------------------------------------------------

bool JsonScanner::whole_number(std::int32_t& to) noexcept {
  constexpr const char* none = "has something else in place of a whole number of 32 bits";
  const std::size_t begin = at_;
  const std::from_chars_result read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), to);
  if (!number()) return fail(none, begin);
  return (read.ec == std::errc{} && read.ptr == text_.data() + at_) || fail(none, begin);
}

bool JsonScanner::value() {
  std::size_t depth = 0;
  std::uint32_t objects = 0;  // a bit for each level: whether it is an object
  static_assert(depth_max <= 32);
  for (;;) {
    blanks();
    const char c = here();
    if (c == '{' || c == '[') {
      if (depth == depth_max) return fail("is nested too deeply");
      ++at_;
      blanks();
      const bool is_object = c == '{';
      if (here() == (is_object ? '}' : ']')) {
        ++at_;
      } else {
        objects = objects << 1 | (is_object ? 1U : 0U);
        ++depth;
        if (is_object && !key()) return false;
        continue;
      }
    } else if (!scalar()) {
      return false;
    }
    // A value has ended, and perhaps those around it.
    for (;;) {
      if (depth == 0) return true;
      const bool in_object = (objects & 1) != 0;
      blanks();
      if (here() == ',') {
        ++at_;
        if (in_object && !key()) return false;
        break;
      }
      if (here() != (in_object ? '}' : ']')) return fail("lacks a comma or the end of a value");
      ++at_;
      --depth;
      objects >>= 1;
    }
  }
}

bool JsonScanner::key() noexcept {
  blanks();
  Quoted passed;
  return quoted(passed) && expect(':', "lacks a colon behind a key");
}

bool JsonScanner::scalar() noexcept {
  const char c = here();
  Quoted passed;
  if (c == '"') return quoted(passed);
  if (c == 't') return word("true");
  if (c == 'f') return word("false");
  if (c == 'n') return word("null");
  return number();
}

bool JsonScanner::word(std::string_view wanted) noexcept {
  if (!text_.substr(at_).starts_with(wanted)) return fail("has something that is no JSON value");
  at_ += wanted.size();
  return true;
}

bool JsonScanner::digits() noexcept {
  if (!is_digit(here())) return false;
  while (is_digit(here())) ++at_;
  return true;
}

bool JsonScanner::number() noexcept {
  const std::size_t begin = at_;
  if (here() == '-') ++at_;
  const bool is_zero = here() == '0';
  if (is_zero) ++at_;
  if (!is_zero && !digits()) return fail("has something that is no JSON value", begin);
  if (here() == '.') {
    ++at_;
    if (!digits()) return fail("has something that is no JSON value", begin);
  }
  if (here() == 'e' || here() == 'E') {
    ++at_;
    if (here() == '+' || here() == '-') ++at_;
    if (!digits()) return fail("has something that is no JSON value", begin);
  }
  return true;
}

}  // namespace parley::wire
