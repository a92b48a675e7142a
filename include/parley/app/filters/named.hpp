// Filters as text, for command lines and configuration: a name and its options, with commas between.
//
//   xor                      a checksum of one byte: all others exclusive-ored
//   crc16                    crc16-modbus
//   crc16-modbus  crc16-ccitt  crc16-xmodem  crc16-kermit  crc16-arc
//   crc32  crc32c
//     ,hex                   in hexadecimal digits
//     ,big  ,little          the highest or the lowest byte first
//     ,skip=N                leave out the first N bytes of the body
//   deflate                  zlib, each message alone
//     ,level=N               0 to 9
//     ,context               messages build on those before them
//     ,max=BYTES             the most that a message may inflate to
//   start-end                STX before, ETX behind
//     ,start=BYTES ,end=BYTES   others, written as in C, a comma as \x2c
//
// Each takes also `drop`: a received message that is not as it should be is left out, in place of its peer. The
// defaults are those of Checksum, Deflate and StartEnd. Plain crc16 is Modbus's, as that is what most devices with a
// CRC of 16 bits speak.
#pragma once

#include <parley/app/filter.hpp>
#include <parley/detail/export.hpp>

#include <string_view>

namespace parley::app {

/// Throws std::invalid_argument with a sentence that says what was wrong and what is accepted.
[[nodiscard]] PARLEY_EXPORT MakeFilter filter_named(std::string_view text);

}  // namespace parley::app
