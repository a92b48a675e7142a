// Whether bytes are UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::codec {

/// How many bytes from the start are whole, valid characters (RFC 3629: no surrogates, no overlong forms): all of them
/// if the text is valid, else the position of the first bad byte's character.
[[nodiscard]] std::size_t valid_utf8_size(std::string_view text) noexcept;

}  // namespace parley::codec
