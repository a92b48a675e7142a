// SHA-1 (FIPS 180-4), which the WebSocket handshake asks for. Not fit to protect anything.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace parley::wire {

[[nodiscard]] std::array<std::byte, 20> sha1(std::span<const std::byte> bytes);

}  // namespace parley::wire
