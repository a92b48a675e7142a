#include <parley/codec/json_writer.hpp>

#include "codec/base64.hpp"
#include "codec/words.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace parley::codec {
namespace {

/// What has to be written otherwise inside of quotes: the letter after the backslash, or u.
constexpr std::array<char, 256> escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

char escape_of(char c) noexcept { return escapes[static_cast<unsigned char>(c)]; }

void put_escaped(Buffer& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const char letter = escape_of(c);
  out.put('\\');
  out.put(letter);
  if (letter != 'u') return;
  out.put("00");
  out.put(digits[static_cast<unsigned char>(c) >> 4]);
  out.put(digits[static_cast<unsigned char>(c) & 15]);
}

constexpr std::uint64_t each_byte = 0x0101'0101'0101'0101;
constexpr std::uint64_t top_bits = 0x8080'8080'8080'8080;

/// Top bits set where a byte of `x` (all below 0x80) is zero, perhaps also above such a byte.
constexpr std::uint64_t zeros(std::uint64_t x) noexcept { return (x - each_byte) & ~x; }

/// Whether one of eight bytes is a control, a quote, a backslash, or no ASCII.
constexpr bool has_special(std::uint64_t bytes) noexcept {
  const std::uint64_t controls = bytes - each_byte * 0x20;
  return ((bytes | controls | zeros(bytes ^ each_byte * '"') | zeros(bytes ^ each_byte * '\\')) & top_bits) != 0;
}

/// Copies text as long as it is ASCII and needs no escapes, which is nearly always.
bool copy_plain(std::string_view text, char* to) noexcept {
  const char* from = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, from += 8, to += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, from, 8);
    if (has_special(bytes)) return false;
    std::memcpy(to, &bytes, 8);
  }
  for (; left > 0; --left) {
    if (escape_of(*from) != 0 || static_cast<unsigned char>(*from) >= 0x80) return false;
    *to++ = *from++;
  }
  return true;
}

/// Longer than any number's shortest text.
constexpr std::size_t number_size_max = 32;

}  // namespace

void JsonWriter::put_text(std::string_view text) {
  char* const to = out_.room(text.size() + 2);
  if (copy_plain(text, to + 1)) {
    to[0] = to[text.size() + 1] = '"';
    out_.advance(text.size() + 2);
  } else {
    put_escaped_text(text);
  }
}

void JsonWriter::put_escaped_text(std::string_view text) {
  require_utf8(text);
  out_.put('"');
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (escape_of(text[i]) == 0) continue;
    out_.put(text.substr(begin, i - begin));
    put_escaped(out_, text[i]);
    begin = i + 1;
  }
  out_.put(text.substr(begin));
  out_.put('"');
}

template <class Number>
void JsonWriter::put_number(Number value) {
  char* const to = out_.room(number_size_max);
  out_.advance(static_cast<std::size_t>(std::to_chars(to, to + number_size_max, value).ptr - to));
}

template <class Real>
void JsonWriter::put_real(Real value) {
  begin_value();
  if (!std::isfinite(value)) fail(number_text(static_cast<double>(value)) + " has no form in JSON");
  const std::size_t begin = out_.size();
  put_number(value);
  // So that it reads as a real again.
  if (out_.view().find_first_of(".e", begin) == std::string_view::npos) out_.put(".0");
}

void JsonWriter::null() {
  begin_value();
  out_.put("null");
}

void JsonWriter::boolean(bool value) {
  begin_value();
  out_.put(value ? std::string_view{"true"} : std::string_view{"false"});
}

void JsonWriter::integer(std::int64_t value) {
  begin_value();
  put_number(value);
}

void JsonWriter::integer(std::uint64_t value) {
  begin_value();
  put_number(value);
}

void JsonWriter::real(double value) { put_real(value); }
void JsonWriter::real(float value) { put_real(value); }

void JsonWriter::string(std::string_view value) {
  begin_value();
  put_text(value);
}

void JsonWriter::bytes(std::span<const std::byte> value) {
  begin_value();
  out_.put('"');
  const std::size_t size = base64_size(value.size());
  encode_base64(value, out_.room(size));
  out_.advance(size);
  out_.put('"');
}

void JsonWriter::begin_array(std::size_t) {
  enter();
  begin_value();
  out_.put('[');
  needs_comma_ = false;
}

void JsonWriter::end_array(std::size_t) {
  leave();
  out_.put(']');
  needs_comma_ = true;
}

void JsonWriter::begin_map(std::size_t) {
  enter();
  begin_value();
  out_.put('{');
  needs_comma_ = false;
}

void JsonWriter::end_map(std::size_t) {
  leave();
  out_.put('}');
  needs_comma_ = true;
}

void JsonWriter::end_key() {
  out_.put(':');
  needs_comma_ = false;
}

void JsonWriter::key(std::string_view key) {
  remember_key(key);
  begin_value();
  put_text(key);
  end_key();
}

void JsonWriter::key(std::int64_t key) {
  begin_value();
  out_.put('"');
  put_number(key);
  out_.put('"');
  end_key();
}

void JsonWriter::key(std::uint64_t key) {
  begin_value();
  out_.put('"');
  put_number(key);
  out_.put('"');
  end_key();
}

}  // namespace parley::codec
