// Base64 (RFC 4648, section 4: the usual alphabet, padded): how byte strings travel in JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::codec {

/// The size of the text for this many bytes.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t size) noexcept { return (size + 2) / 3 * 4; }

/// Writes base64_size(bytes.size()) characters.
void encode_base64(std::span<const std::byte> bytes, char* to) noexcept;

/// False if the text is not base64: a wrong character or length, missing padding, stray bits.
[[nodiscard]] bool decode_base64(std::string_view text, std::vector<std::byte>& bytes);

}  // namespace parley::codec
