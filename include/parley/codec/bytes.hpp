// Bytes: the payload is what it is. For programs in which the codec is a parameter.
#pragma once

#include <parley/codec/codec.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

/// The codec for which value and payload are the same bytes. Nothing is checked, and nothing can be rejected.
struct Bytes {
  /// For sentences.
  static constexpr std::string_view name = "bytes";

  /// Anything a Message can be made of.
  [[nodiscard]] Message encode(Message payload) const { return payload; }

  /// Message (which shares memory), std::string or std::vector<std::byte>.
  template <class T = Message>
  requires std::same_as<T, Message> || std::same_as<T, std::string> || std::same_as<T, std::vector<std::byte>>
  [[nodiscard]] T decode(const Payload& payload) const {
    if constexpr (std::same_as<T, Message>) {
      return payload.share(payload.bytes());
    } else if constexpr (std::same_as<T, std::string>) {
      return T{payload.view()};
    } else {
      return T(payload.bytes().begin(), payload.bytes().end());
    }
  }
};

}  // namespace parley
