// What a codec is: values to payloads and back.
//
//   parley::Json json;
//   parley::Message m = json.encode(order);
//   Order again = json.decode<Order>(m);
//
// The library's own are Bytes, Text, Json, MessagePack and PythonPickle. A codec of yours is any small copyable type
// with a `name`, `encode` and `decode<T>`.
//
// encode throws std::invalid_argument for a value that the format cannot carry, which is a mistake of this program.
// decode throws parley::Error with error::payload_rejected and a sentence for a payload that is not what was asked for,
// which is a mistake of the peer.
//
// Thread rule: codecs are values without state; any threads may use the same one.
#pragma once

#include <parley/codec/decoder.hpp>
#include <parley/codec/payload.hpp>
#include <parley/codec/shape_of.hpp>
#include <parley/codec/write.hpp>
#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/message.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace parley {

template <class C>
concept Codec = std::copyable<C> && requires(const C& codec, const Message& payload, const std::string& value) {
  { C::name } -> std::convertible_to<std::string_view>;
  { codec.encode(value) } -> std::same_as<Message>;
  { codec.template decode<std::string>(payload) } -> std::same_as<std::string>;
};

namespace codec {

/// Throws parley::Error with error::payload_rejected.
[[noreturn]] PARLEY_EXPORT void reject(std::string sentence);

/// What the payload looks like, as "JSON" or "a Python pickle (protocol 4)"; empty if there is nothing to say.
[[nodiscard]] PARLEY_EXPORT std::string guessed_format(std::span<const std::byte> payload);

/// A format's parser: one value into `root`. Gives the sentence, which is empty if all is well.
using Parse = std::string (*)(const Payload& payload, Slot root, const Rules& rules);

/// Calls `parse` with rules that have been made sensible; throws as decode does.
PARLEY_EXPORT void decode_into(Slot root, const Payload& payload, const Rules& rules, Parse parse);

/// The body of a codec's encode: `W` is the format's Writer.
template <class W, class T>
[[nodiscard]] Message encode_with(const T& value, std::size_t depth_max) {
  W writer{depth_max};
  write(writer, value);
  return writer.message();
}

/// The body of a codec's decode.
template <class T>
[[nodiscard]] T decode_with(Parse parse, const Payload& payload, const Rules& rules) {
  T value{};
  decode_into({&ShapeOf<T>::value, &value}, payload, rules, parse);
  return value;
}

/// Nesting beyond this is refused whatever the options say: parsers call themselves.
inline constexpr std::size_t depth_limit = 1000;

}  // namespace codec
}  // namespace parley
