// A checksum behind every message: added on the way out, checked and taken off on the way in.
//
//   MakeFilter modbus = checksum_filter({.kind = ChecksumKind::crc16_modbus});
//   MakeFilter ascii = checksum_filter({.kind = ChecksumKind::xor8, .form = ChecksumForm::hexadecimal});   // body 5C
#pragma once

#include <parley/app/filter.hpp>
#include <parley/detail/export.hpp>
#include <parley/wire/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::app {

/// The algorithms, by the names of the CRC catalogue, each with what it makes of the text `123456789`.
enum class ChecksumKind : std::uint8_t {
  xor8,          ///< all bytes exclusive-ored: 31
  crc16_modbus,  ///< CRC-16/MODBUS: 4B37
  crc16_ccitt,   ///< CRC-16/IBM-3740, known as CCITT-FALSE: 29B1
  crc16_xmodem,  ///< CRC-16/XMODEM: 31C3
  crc16_kermit,  ///< CRC-16/KERMIT, the true CCITT one: 2189
  crc16_arc,     ///< CRC-16/ARC, of LHA and IBM: BB3D
  crc32,         ///< CRC-32/ISO-HDLC, of Ethernet, zip and PNG: CBF43926
  crc32c,        ///< CRC-32/ISCSI, Castagnoli's: E3069283
};

/// Bytes a checksum has: 1, 2 or 4.
[[nodiscard]] PARLEY_EXPORT std::size_t checksum_size(ChecksumKind kind) noexcept;

/// The checksum of `bytes`, in the lowest checksum_size() bytes of the number. From any thread.
[[nodiscard]] PARLEY_EXPORT std::uint32_t checksum(ChecksumKind kind, std::span<const std::byte> bytes) noexcept;

/// How a checksum is written behind the body.
enum class ChecksumForm : std::uint8_t {
  binary,       ///< as checksum_size() bytes
  hexadecimal,  ///< as two digits for each of them: sent in upper case, understood in either
};

/// What is behind the body, and what becomes of a message where it is not.
struct Checksum {
  ChecksumKind kind = ChecksumKind::crc32;   ///< the algorithm
  ChecksumForm form = ChecksumForm::binary;  ///< bytes or digits
  /// Which byte comes first. Unless set: in digits the highest, as numbers are written; in bytes the lowest of those
  /// that work from the lowest bit on (Modbus, Kermit, ARC, both CRC-32), and the highest of the others (CCITT,
  /// XMODEM).
  std::optional<ByteOrder> order = std::nullopt;
  /// Bytes at the front of the body that the checksum leaves out, such as 1 for the STX of protocols that count from
  /// behind it. The checksum of a body with no more than these is that of no bytes.
  std::size_t skip = 0;
  /// What to do about a message that is too short for a checksum, or has another.
  OnBadMessage on_bad_message = OnBadMessage::fail_peer;
};

/// Adds and checks what `options` say. Throws std::invalid_argument for values that the enumerations do not have.
[[nodiscard]] PARLEY_EXPORT MakeFilter checksum_filter(const Checksum& options);

}  // namespace parley::app
