// Bytes as base64 text (RFC 4648, section 4: the usual alphabet, padded) and back. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace parley::tool {

[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Takes exactly what to_base64 writes: no blanks, no missing padding, no stray bits, so that no two texts stand for
/// the same bytes. Throws std::invalid_argument with what is wrong.
[[nodiscard]] std::string from_base64(std::string_view text);

}  // namespace parley::tool
