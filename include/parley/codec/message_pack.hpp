// MessagePack, by its public specification.
//
// Integers, reals and lengths are written in their shortest form, floats in 4 bytes and doubles in 8. Extension types,
// timestamps among them, are rejected: give durations as numbers.
#pragma once

#include <parley/codec/codec.hpp>
#include <parley/codec/message_pack_writer.hpp>
#include <parley/detail/export.hpp>
#include <parley/limits.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

namespace codec {
/// The format's parser; see codec::Parse.
PARLEY_EXPORT std::string parse_message_pack(const Payload& payload, Slot root, const Rules& rules);
}  // namespace codec

/// The codec; any threads may use the same one.
struct MessagePack {
  /// For sentences.
  static constexpr std::string_view name = "MessagePack";

  /// A field that the struct does not have is an error; otherwise it is skipped.
  bool strict = false;
  /// How deeply arrays and objects may be nested, both ways; at most 1000.
  std::size_t depth_max = limits::payload_depth_max;
  /// Memory a decoded value may take, in bytes.
  std::size_t decoded_size_max = limits::decoded_size_max;

  /// The payload that stands for `value`; the types are those of codec/shape_of.hpp. Throws std::invalid_argument, with
  /// the name of the field, for what the format cannot carry: text that is not UTF-8, nesting beyond `depth_max`,
  /// strings of 4 GiB.
  template <class T>
  [[nodiscard]] Message encode(const T& value) const {
    return codec::encode_with<codec::MessagePackWriter>(value, depth_max);
  }

  /// The value that `payload` stands for. Throws parley::Error with error::payload_rejected for what is not a T, with
  /// the place and the reason in the sentence. Strings are copied; a Message in the value shares the payload's memory.
  template <class T>
  [[nodiscard]] T decode(const Payload& payload) const {
    return codec::decode_with<T>(&codec::parse_message_pack, payload, {strict, depth_max, decoded_size_max});
  }
};

}  // namespace parley
