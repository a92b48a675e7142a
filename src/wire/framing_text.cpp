#include <parley/wire/framing_text.hpp>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parley {
namespace {

using Parts = std::vector<std::string_view>;

// --- what the parts have in common ----------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

Parts split(std::string_view text) {
  Parts parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void refuse_options(const Parts& parts) {
  if (parts.size() > 1) refuse("framing " + quoted(parts[0]) + " takes no options, but was given " + quoted(parts[1]));
}

// --- bytes as C writes them -----------------------------------------------------------------------------------------

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

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
    if (!escaped) refuse("bad escape in " + quoted(text) + "; the escapes are \\n \\r \\t \\0 \\\\ and \\xHH");
    bytes.push_back(*escaped);
  }
  return bytes;
}

void append_escaped(std::string& text, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '\n': text += "\\n"; return;
    case '\r': text += "\\r"; return;
    case '\t': text += "\\t"; return;
    case '\0': text += "\\0"; return;
    case '\\': text += "\\\\"; return;
    default: break;
  }
  // A colon would end the part, and what is not printable ASCII would not survive a terminal.
  if (c > ' ' && c < '\x7f' && c != ':') {
    text += c;
    return;
  }
  const auto value = static_cast<unsigned char>(c);
  text += "\\x";
  text += digits[value >> 4];
  text += digits[value & 0xf];
}

std::string escape(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) append_escaped(text, c);
  return text;
}

// --- from text ------------------------------------------------------------------------------------------------------

ByteOrder parse_order(std::string_view text) {
  if (text == "big") return ByteOrder::big;
  if (text == "little") return ByteOrder::little;
  refuse("the byte order of a length is big or little, not " + quoted(text));
}

std::int64_t parse_offset(std::string_view text) {
  const bool is_signed = text.starts_with('+') || text.starts_with('-');
  // from_chars takes a minus and no plus.
  std::string_view digits = text;
  if (text.starts_with('+')) digits.remove_prefix(1);
  const std::optional<std::int64_t> offset = is_signed ? parse_number<std::int64_t>(digits) : std::nullopt;
  if (!offset || digits.starts_with('-') != text.starts_with('-'))
    refuse("the offset of a length is a number with its sign, such as +4, not " + quoted(text));
  return *offset;
}

Framing parse_length(const Parts& parts) {
  LengthPrefixed options;
  if (parts.size() > 4)
    refuse("too much after " + quoted(parts[3]) +
           "; a length is written length:WIDTH:ORDER:OFFSET, as in length:4:big:+4");
  if (parts.size() > 1) {
    const std::optional<std::size_t> width = parse_number<std::size_t>(parts[1]);
    if (!width) refuse("the width of a length is 1, 2, 4 or 8, not " + quoted(parts[1]));
    options.width = *width;
  }
  if (parts.size() > 2) options.order = parse_order(parts[2]);
  if (parts.size() > 3) options.offset = parse_offset(parts[3]);
  return options;
}

Framing parse_separator(const Parts& parts) {
  Separator options;
  if (parts.size() > 1) options.bytes = unescape(parts[1]);
  if (options.bytes.empty()) refuse("the separator is empty; write a colon as \\x3a");
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (parts[i] == "keep")
      options.keep = true;
    else if (parts[i] == "allow")
      options.allow_in_body = true;
    else
      refuse("a separator has the options keep and allow, not " + quoted(parts[i]) +
             "; a colon within it is written \\x3a");
  }
  return options;
}

char parse_pad(std::string_view text) {
  const std::string bytes = unescape(text);
  if (bytes.size() != 1) refuse("the pad is one byte, such as pad=\\0, not " + quoted(text));
  return bytes.front();
}

Framing parse_fixed(const Parts& parts) {
  if (parts.size() < 2) refuse("messages of fixed length need their size, as in fixed:16");
  FixedLength options;
  const std::optional<std::size_t> size = parse_number<std::size_t>(parts[1]);
  if (!size) refuse("the size of messages of fixed length is a number of bytes, not " + quoted(parts[1]));
  options.size = *size;
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (parts[i].starts_with("pad="))
      options.pad = parse_pad(parts[i].substr(4));
    else if (parts[i] == "strip")
      options.strip = true;
    else
      refuse("messages of fixed length have the options pad=BYTE and strip, not " + quoted(parts[i]));
  }
  return options;
}

// --- to text --------------------------------------------------------------------------------------------------------

struct Print {
  std::string operator()(const LengthPrefixed& o) const {
    std::string text = "length";
    if (o == LengthPrefixed{}) return text;
    text += ":" + std::to_string(o.width);
    if (o.order == ByteOrder::little || o.offset != 0) text += o.order == ByteOrder::big ? ":big" : ":little";
    if (o.offset != 0) text += (o.offset > 0 ? ":+" : ":") + std::to_string(o.offset);
    return text;
  }
  std::string operator()(const VarintPrefixed&) const { return "varint"; }
  std::string operator()(const Separator& o) const {
    std::string text = "separator";
    if (o == Separator{}) return text;
    text += ":" + escape(o.bytes);
    if (o.keep) text += ":keep";
    if (o.allow_in_body) text += ":allow";
    return text;
  }
  std::string operator()(const FixedLength& o) const {
    std::string text = "fixed:" + std::to_string(o.size);
    if (o.pad != FixedLength{}.pad) text += ":pad=" + escape({&o.pad, 1});
    if (o.strip) text += ":strip";
    return text;
  }
  std::string operator()(const UntilEof&) const { return "eof"; }
  std::string operator()(const Raw&) const { return "raw"; }
  std::string operator()(const std::shared_ptr<const CustomFraming>& custom) const { return custom->name(); }
};

}  // namespace

Framing parse_framing(std::string_view text) {
  const Parts parts = split(text);
  const std::string_view kind = parts.front();
  if (kind == "length") return parse_length(parts);
  if (kind == "separator") return parse_separator(parts);
  if (kind == "fixed") return parse_fixed(parts);
  if (kind != "varint" && kind != "eof" && kind != "raw")
    refuse("unknown framing " + quoted(kind) + "; the framings are length, varint, separator, fixed, eof and raw");
  refuse_options(parts);
  if (kind == "varint") return VarintPrefixed{};
  if (kind == "eof") return UntilEof{};
  return Raw{};
}

std::string to_string(const Framing& framing) { return std::visit(Print{}, framing.options()); }

}  // namespace parley
