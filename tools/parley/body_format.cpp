#include "body_format.hpp"

#include "base64.hpp"
#include "named.hpp"
#include "text.hpp"

#include <parley/codec/json.hpp>
#include <parley/error.hpp>

#include <boost/describe/class.hpp>

#include <utility>
#include <variant>
#include <vector>

namespace parley::tool {
namespace {

constexpr Named<BodyFormat, 6> format_names{{{"text", BodyFormat::text},
                                             {"quoted", BodyFormat::quoted},
                                             {"json", BodyFormat::json},
                                             {"hex", BodyFormat::hex},
                                             {"base64", BodyFormat::base64},
                                             {"raw", BodyFormat::raw}}};

/// What a JSON string cannot say.
struct AnyBytes {
  std::vector<std::byte> base64;
};
BOOST_DESCRIBE_STRUCT(AnyBytes, (), (base64))

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

std::string decode_base64(std::string_view text) {
  try {
    return from_base64(text);
  } catch (const std::invalid_argument& e) {
    throw BadBody("not base64: " + excerpt(text) + "; " + e.what());
  }
}

std::string decode_json(std::string_view text) {
  try {
    const auto body = Json{.strict = true}.decode<std::variant<std::string, AnyBytes>>(text);
    if (const auto* const string = std::get_if<std::string>(&body)) return *string;
    const std::vector<std::byte>& bytes = std::get<AnyBytes>(body).base64;
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } catch (const Error& e) {
    throw BadBody("not a JSON string: " + excerpt(text) + "; " + e.what());
  }
}

std::string encode_json(std::string_view body) {
  return is_utf8(body) ? json_string(body) : R"({"base64":")" + to_base64(body) + R"("})";
}

}  // namespace

const std::string_view body_format_names = "text, quoted, json, hex, base64 or raw";

std::size_t characters_for_a_byte(BodyFormat format) noexcept {
  switch (format) {
    case BodyFormat::json: return 6;    // \u0000
    case BodyFormat::quoted: return 4;  // \x00
    case BodyFormat::hex: return 4;     // with spaces
    case BodyFormat::base64: return 2;
    case BodyFormat::text:
    case BodyFormat::raw: break;
  }
  return 1;
}

std::optional<BodyFormat> parse_body_format(std::string_view name) noexcept { return find_named(format_names, name); }

std::string decode_body(BodyFormat format, std::string_view text) {
  switch (format) {
    case BodyFormat::quoted: return decode_quoted(text);
    case BodyFormat::json: return decode_json(text);
    case BodyFormat::hex: return decode_hex(text);
    case BodyFormat::base64: return decode_base64(text);
    case BodyFormat::text:
    case BodyFormat::raw: break;
  }
  return std::string{text};
}

std::string encode_body(BodyFormat format, std::string_view body, Destination destination) {
  const bool careful = destination == Destination::terminal;
  switch (format) {
    case BodyFormat::quoted: return quote(body) + '\n';
    case BodyFormat::json: return encode_json(body) + '\n';
    case BodyFormat::hex: return to_hex(body) + '\n';
    case BodyFormat::base64: return to_base64(body) + '\n';
    case BodyFormat::raw: return careful ? terminal_safe(body, NewLines::keep) : std::string{body};
    case BodyFormat::text: break;
  }
  return (careful ? terminal_safe(body, NewLines::escape) : std::string{body}) + '\n';
}

}  // namespace parley::tool
