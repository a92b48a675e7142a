// Text: the payload is a string of UTF-8, and nothing else.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/detail/export.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace parley {

namespace codec {
/// What Text does, compiled.
PARLEY_EXPORT Message encode_text(std::string_view text);
PARLEY_EXPORT std::string_view decode_text(const Payload& payload);
}  // namespace codec

/// The codec for one string of UTF-8.
struct Text {
  /// For sentences.
  static constexpr std::string_view name = "text";

  /// Throws std::invalid_argument if the text is not UTF-8.
  [[nodiscard]] Message encode(std::string_view text) const { return codec::encode_text(text); }

  /// Throws parley::Error with error::payload_rejected, and the place of the first bad byte, for what is not UTF-8.
  template <std::same_as<std::string> T = std::string>
  [[nodiscard]] T decode(const Payload& payload) const {
    return T{codec::decode_text(payload)};
  }
};

}  // namespace parley
