// What a peer is going to speak, by its first byte (docs/protocols/aiomsg.md section 6).
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::wire {

/// What has connected to a socket's endpoint.
enum class Sniffed : std::uint8_t {
  frames,      ///< a greeting: its length begins with a zero
  web_socket,  ///< an HTTP request, `GET …`
  unknown,     ///< nothing that is spoken there
};

/// By the first byte, which says it all.
[[nodiscard]] constexpr Sniffed sniff(std::byte first) noexcept {
  if (first == std::byte{0}) return Sniffed::frames;
  return first == std::byte{'G'} ? Sniffed::web_socket : Sniffed::unknown;
}

}  // namespace parley::wire
