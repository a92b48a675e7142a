// How bodies are written wherever they are text: where they are typed and printed.
#pragma once

#include "body_codec.hpp"
#include "body_format.hpp"

#include <parley/message.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

struct Notation {
  BodyFormat format = BodyFormat::text;
  std::optional<BodyCodec> codec{};  ///< bodies are its payloads, written as JSON; `format` counts for nothing then

  /// The body that a line without its newline, or an argument, stands for. Throws BadBody.
  [[nodiscard]] std::string read(std::string_view text) const {
    return codec ? encode_value(*codec, text) : decode_body(format, text);
  }

  /// The body that all of a command's output stands for; the newline at its end is no part of a line.
  [[nodiscard]] std::string read_output(std::string_view text) const {
    const bool takes_lines = codec || format != BodyFormat::raw;
    if (takes_lines && text.ends_with('\n')) text.remove_suffix(1);
    return read(text);
  }

  /// What is printed for a body: a line with its newline, or the bytes if the format is raw. Throws parley::Error for
  /// what is no payload of the codec.
  [[nodiscard]] std::string write(const Message& body, Destination destination) const {
    return codec ? decode_value(*codec, body) + '\n' : encode_body(format, body.view(), destination);
  }

  /// A body is a line and what it stands for; otherwise it is all there is.
  [[nodiscard]] bool is_literal() const noexcept {
    return !codec && (format == BodyFormat::text || format == BodyFormat::raw);
  }

  /// How much text is read at most for a body of `size_max` bytes, its newline included.
  [[nodiscard]] std::size_t text_size_max(std::size_t size_max) const noexcept {
    const std::size_t each = characters_for_a_byte(codec ? BodyFormat::json : format);
    return size_max >= SIZE_MAX / each ? SIZE_MAX : size_max * each + 1;
  }
};

}  // namespace parley::tool
