// How the bodies of messages are written, where the tool reads them and where it prints them.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::tool {

enum class BodyFormat {
  text,    ///< a line is a message
  quoted,  ///< a line in double quotes, escaped as in C
  json,    ///< a line with a JSON string; for bytes that are not UTF-8, with {"base64":"..."}
  hex,     ///< a line of hexadecimal digits
  base64,  ///< a line of base64 digits
  raw,     ///< the bytes as they are, nothing added
};

[[nodiscard]] std::optional<BodyFormat> parse_body_format(std::string_view name) noexcept;

/// "text, quoted, ... or raw", for sentences.
extern const std::string_view body_format_names;

/// How many characters of text a byte of the body takes at most.
[[nodiscard]] std::size_t characters_for_a_byte(BodyFormat format) noexcept;

/// A text that is not a body in this format; what() is a sentence that says why.
class BadBody : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The body that a line without its newline, or an argument, stands for. Throws BadBody.
[[nodiscard]] std::string decode_body(BodyFormat format, std::string_view text);

/// Where a body is printed, which decides how much of it is trusted.
enum class Destination {
  file,      ///< exact bytes
  terminal,  ///< control characters escaped, new lines of raw bodies kept
};

/// What is printed for a message received: for all formats but raw, a line with its newline.
[[nodiscard]] std::string encode_body(BodyFormat format, std::string_view body, Destination destination);

}  // namespace parley::tool
