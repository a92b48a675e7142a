// JSON (RFC 8259), parsed by Boost.JSON straight into the value, without a document in between.
//
//   Order order = parley::Json{}.decode<Order>(message);
//
// Numbers with a fraction or an exponent are reals, and so are those that 64 bits cannot hold; all others are integers.
// Byte strings travel as base64 text, the integer keys of maps as their decimal text. NaN and the infinities cannot be
// encoded. What is written has no blanks; reals have the shortest text that reads as the same number again.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/codec/json_writer.hpp>
#include <parley/detail/export.hpp>
#include <parley/limits.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

namespace codec {
/// The format's parser; see codec::Parse.
PARLEY_EXPORT std::string parse_json(const Payload& payload, Slot root, const Rules& rules);
}  // namespace codec

/// The codec; any threads may use the same one.
struct Json {
  /// For sentences.
  static constexpr std::string_view name = "JSON";

  /// A field that the struct does not have is an error; otherwise it is skipped.
  bool strict = false;
  /// How deeply arrays and objects may be nested, both ways; at most 1000.
  std::size_t depth_max = limits::payload_depth_max;
  /// Memory a decoded value may take, in bytes.
  std::size_t decoded_size_max = limits::decoded_size_max;

  /// The payload that stands for `value`; the types are those of codec/shape_of.hpp. Throws std::invalid_argument, with
  /// the name of the field, for what the format cannot carry: text that is not UTF-8, nesting beyond `depth_max`, NaN.
  template <class T>
  [[nodiscard]] Message encode(const T& value) const {
    return codec::encode_with<codec::JsonWriter>(value, depth_max);
  }

  /// The value that `payload` stands for. Throws parley::Error with error::payload_rejected for what is not a T, with
  /// the place and the reason in the sentence. Strings are copied; a Message in the value shares the payload's memory.
  template <class T>
  [[nodiscard]] T decode(const Payload& payload) const {
    return codec::decode_with<T>(&codec::parse_json, payload, {strict, depth_max, decoded_size_max, true});
  }
};

}  // namespace parley
