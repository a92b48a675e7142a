// Framings as text, for command lines, configuration and test names.
//
//   length            length:2            length:4:little      length:4:big:+4     (width, byte order, offset)
//   varint
//   separator         separator:\r\n      separator:\n:keep    separator:;;:keep:allow
//   fixed:16          fixed:16:strip      fixed:16:pad=\0:strip
//   eof
//   raw
//   idle-gap          idle-gap:20ms       idle-gap:1500us                        (a whole number of ns us ms s min h)
//
// Bytes are written as C does it:
//
//   \n  \r  \t  \0  \\  \xHH            (two hexadecimal digits; \x3a is the colon, which divides the parts)
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <string>
#include <string_view>

namespace parley {

/// Throws std::invalid_argument with a sentence that says what was wrong and what is accepted.
[[nodiscard]] PARLEY_EXPORT Framing parse_framing(std::string_view text);

/// The shortest text that parse_framing turns into an equal Framing; a custom framing gives its name, which
/// parse_framing does not know.
[[nodiscard]] PARLEY_EXPORT std::string to_string(const Framing& framing);

}  // namespace parley
