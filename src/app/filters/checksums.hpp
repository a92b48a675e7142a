// The checksums by their names.
#pragma once

#include <parley/app/filters/checksum.hpp>

#include <array>
#include <string_view>

namespace parley::app::detail {

struct ChecksumTraits {
  std::string_view name;  ///< in text and in sentences
  ChecksumKind kind;
  std::size_t size;
  ByteOrder order;  ///< of its bytes, unless said otherwise
};

/// In the order of the enumeration.
inline constexpr std::array<ChecksumTraits, 8> all_checksums{{
    {"xor", ChecksumKind::xor8, 1, ByteOrder::big},
    {"crc16-modbus", ChecksumKind::crc16_modbus, 2, ByteOrder::little},
    {"crc16-ccitt", ChecksumKind::crc16_ccitt, 2, ByteOrder::big},
    {"crc16-xmodem", ChecksumKind::crc16_xmodem, 2, ByteOrder::big},
    {"crc16-kermit", ChecksumKind::crc16_kermit, 2, ByteOrder::little},
    {"crc16-arc", ChecksumKind::crc16_arc, 2, ByteOrder::little},
    {"crc32", ChecksumKind::crc32, 4, ByteOrder::little},
    {"crc32c", ChecksumKind::crc32c, 4, ByteOrder::little},
}};

constexpr const ChecksumTraits& traits_of(ChecksumKind kind) noexcept {
  return all_checksums[static_cast<std::size_t>(kind)];
}

}  // namespace parley::app::detail
