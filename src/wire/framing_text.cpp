#include <parley/wire/framing_text.hpp>

#include "wire/escaped_bytes.hpp"

#include <array>
#include <charconv>
#include <chrono>
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

/// A colon would end the part.
std::string escape(std::string_view bytes) { return wire::escape(bytes, ':'); }

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
  if (parts.size() > 1) options.bytes = wire::unescape(parts[1]);
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
  const std::string bytes = wire::unescape(text);
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

// --- spans of time --------------------------------------------------------------------------------------------------

struct Unit {
  std::string_view name;
  Duration span;
};

/// The largest first: a span is written in the first that divides it.
constexpr std::array<Unit, 6> units{{{"h", std::chrono::hours{1}},
                                     {"min", std::chrono::minutes{1}},
                                     {"s", std::chrono::seconds{1}},
                                     {"ms", std::chrono::milliseconds{1}},
                                     {"us", std::chrono::microseconds{1}},
                                     {"ns", std::chrono::nanoseconds{1}}}};

/// Nothing when it is no number with one of the units; more than the clock can say is as much as it can.
std::optional<Duration> parse_span(std::string_view text) {
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> count = parse_number<std::uint64_t>(text.substr(0, digits_end));
  if (!count) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits_end) != unit.name) continue;
    const auto most = static_cast<std::uint64_t>(Duration::max() / unit.span);
    return static_cast<Duration::rep>(std::min(*count, most)) * unit.span;
  }
  return std::nullopt;
}

std::string span_text(Duration span) {
  for (const Unit& unit : units)
    if (span % unit.span == Duration::zero()) return std::to_string(span / unit.span) + std::string{unit.name};
  return {};  // not reached: the last unit is the clock's own
}

Framing parse_idle_gap(const Parts& parts) {
  IdleGap options;
  if (parts.size() > 2) refuse("too much after " + quoted(parts[1]) + "; an idle gap is written as in idle-gap:100ms");
  if (parts.size() > 1) {
    const std::optional<Duration> gap = parse_span(parts[1]);
    if (!gap) refuse("an idle gap is a whole number of ns, us, ms, s, min or h, as in 100ms, not " + quoted(parts[1]));
    options.gap = *gap;
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
  std::string operator()(const IdleGap& o) const {
    return o == IdleGap{} ? "idle-gap" : "idle-gap:" + span_text(o.gap);
  }
  std::string operator()(const std::shared_ptr<const CustomFraming>& custom) const { return custom->name(); }
};

}  // namespace

Framing parse_framing(std::string_view text) {
  const Parts parts = split(text);
  const std::string_view kind = parts.front();
  if (kind == "length") return parse_length(parts);
  if (kind == "separator") return parse_separator(parts);
  if (kind == "fixed") return parse_fixed(parts);
  if (kind == "idle-gap") return parse_idle_gap(parts);
  if (kind != "varint" && kind != "eof" && kind != "raw")
    refuse("unknown framing " + quoted(kind) +
           "; the framings are length, varint, separator, fixed, eof, raw and "
           "idle-gap");
  refuse_options(parts);
  if (kind == "varint") return VarintPrefixed{};
  if (kind == "eof") return UntilEof{};
  return Raw{};
}

std::string to_string(const Framing& framing) { return std::visit(Print{}, framing.options()); }

}  // namespace parley
