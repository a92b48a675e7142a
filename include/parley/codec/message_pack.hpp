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
PARLEY_EXPORT std::string parse_message_pack(const Payload& payload, Slot root, const Rules& rules);
}

struct MessagePack {
  static constexpr std::string_view name = "MessagePack";

  /// A field that the struct does not have is an error; otherwise it is skipped.
  bool strict = false;
  /// How deeply arrays and objects may be nested, both ways; at most 1000.
  std::size_t depth_max = limits::payload_depth_max;
  /// Memory a decoded value may take, in bytes.
  std::size_t decoded_size_max = limits::decoded_size_max;

  template <class T>
  [[nodiscard]] Message encode(const T& value) const {
    return codec::encode_with<codec::MessagePackWriter>(value, depth_max);
  }

  template <class T>
  [[nodiscard]] T decode(const Payload& payload) const {
    return codec::decode_with<T>(&codec::parse_message_pack, payload, {strict, depth_max, decoded_size_max});
  }
};

}  // namespace parley
