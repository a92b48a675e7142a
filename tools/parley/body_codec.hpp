// The payloads of a codec, written as JSON where people and scripts read and type them.
#pragma once

#include <parley/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

enum class BodyCodec {
  json,
  message_pack,
  python_pickle,
  text,   ///< as JSON, a string
  bytes,  ///< as JSON, a string of base64
};

[[nodiscard]] std::optional<BodyCodec> parse_body_codec(std::string_view name) noexcept;

/// "json, msgpack, ... or bytes", for sentences.
extern const std::string_view body_codec_names;

/// The payload of a value that is written as JSON. Throws BadBody.
[[nodiscard]] std::string encode_value(BodyCodec codec, std::string_view json);

/// The value of a payload as JSON: one line without its newline, and safe to print. Throws parley::Error with
/// error::payload_rejected, and for a value that JSON does not have, such as NaN.
[[nodiscard]] std::string decode_value(BodyCodec codec, const Message& payload);

}  // namespace parley::tool
