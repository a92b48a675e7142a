// Whether bytes are UTF-8.
#pragma once

#include <parley/detail/export.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::wire {

/// How many bytes from the start are whole, valid characters (RFC 3629: no surrogates, no overlong forms): all of them
/// if the text is valid, else the position of the first bad byte's character.
[[nodiscard]] PARLEY_EXPORT std::size_t valid_utf8_size(std::string_view text) noexcept;

/// Text without a byte of 0x80 or above, looked at eight at a time.
[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
  std::uint64_t all = 0;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, 8);
    all |= bytes;
  }
  for (; left > 0; --left, ++at) all |= static_cast<unsigned char>(*at);
  return (all & 0x8080'8080'8080'8080) == 0;
}

/// Whether all of the text is valid; fast where it is ASCII.
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  return is_ascii(text) || valid_utf8_size(text) == text.size();
}

}  // namespace parley::wire
