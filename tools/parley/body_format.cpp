#include "body_format.hpp"

#include "text.hpp"

#include <array>
#include <utility>

namespace parley::tool {
namespace {

constexpr std::array<std::pair<std::string_view, BodyFormat>, 4> names{
    {{"text", BodyFormat::text}, {"quoted", BodyFormat::quoted}, {"hex", BodyFormat::hex}, {"raw", BodyFormat::raw}}};

/// Enough of a faulty line to recognise it.
std::string excerpt(std::string_view text) {
  constexpr std::size_t size_max = 60;
  return quote(text.substr(0, size_max)) + (text.size() > size_max ? "…" : "");
}

std::string decode_quoted(std::string_view text) {
  std::optional<std::string> body = unquote(text);
  if (!body) throw BadBody("bad escape in " + excerpt(text) + "; the escapes are \\n \\r \\t \\0 \\\\ \\\" and \\xHH");
  return std::move(*body);
}

std::string decode_hex(std::string_view text) {
  std::optional<std::string> body = from_hex(text);
  if (!body) throw BadBody("not hexadecimal digits in pairs: " + excerpt(text));
  return std::move(*body);
}

}  // namespace

std::optional<BodyFormat> parse_body_format(std::string_view name) noexcept {
  for (const auto& [known, format] : names)
    if (known == name) return format;
  return std::nullopt;
}

std::string decode_body(BodyFormat format, std::string_view text) {
  switch (format) {
    case BodyFormat::quoted: return decode_quoted(text);
    case BodyFormat::hex: return decode_hex(text);
    case BodyFormat::text:
    case BodyFormat::raw: break;
  }
  return std::string{text};
}

std::string encode_body(BodyFormat format, std::string_view body, Destination destination) {
  const bool careful = destination == Destination::terminal;
  switch (format) {
    case BodyFormat::quoted: return quote(body) + '\n';
    case BodyFormat::hex: return to_hex(body) + '\n';
    case BodyFormat::raw: return careful ? terminal_safe(body, NewLines::keep) : std::string{body};
    case BodyFormat::text: break;
  }
  return (careful ? terminal_safe(body, NewLines::escape) : std::string{body}) + '\n';
}

}  // namespace parley::tool
