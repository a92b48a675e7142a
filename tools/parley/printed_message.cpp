#include "printed_message.hpp"

#include "base64.hpp"
#include "text.hpp"

#include <unistd.h>

namespace parley::tool {

Destination destination_of(const CommonOptions& options) {
  const bool exact = options.format == BodyFormat::raw;
  return ::isatty(STDOUT_FILENO) == 1 && !exact ? Destination::terminal : Destination::file;
}

JsonLine& add_body(JsonLine& line, const Message& body, const Notation& notation) {
  line.add("size", body.size());
  if (notation.codec) return line.add_json("value", decode_value(*notation.codec, body));
  if (notation.format == BodyFormat::hex) return line.add("hex", to_hex(body.view()));
  const bool is_text = notation.format != BodyFormat::base64 && is_utf8(body.view());
  return is_text ? line.add("text", body.view()) : line.add("base64", to_base64(body.view()));
}

}  // namespace parley::tool
