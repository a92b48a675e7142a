// Cyclic redundancy checks, eight bytes a step: of eight tables, made by the compiler, each tells what a byte does that
// is followed by so many more.
//
// Two families: those that take the lowest bit of a byte first ("reflected"), with the register's low end in front, and
// those that take the highest first, here with the register in the upper end of 32 bits whatever its width.
#pragma once

#include <parley/wire/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::app::detail {

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

/// `polynomial` has its bits reversed.
constexpr CrcTables low_first_tables(std::uint32_t polynomial) noexcept {
  CrcTables tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][octet] = crc;
  }
  for (std::size_t behind = 1; behind < 8; ++behind)
    for (std::size_t octet = 0; octet < 256; ++octet) {
      const std::uint32_t crc = tables[behind - 1][octet];
      tables[behind][octet] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  return tables;
}

/// `polynomial` has its highest bit in the highest of 32.
constexpr CrcTables high_first_tables(std::uint32_t polynomial) noexcept {
  CrcTables tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet << 24;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc >> 31) != 0 ? polynomial : 0);
    tables[0][octet] = crc;
  }
  for (std::size_t behind = 1; behind < 8; ++behind)
    for (std::size_t octet = 0; octet < 256; ++octet) {
      const std::uint32_t crc = tables[behind - 1][octet];
      tables[behind][octet] = (crc << 8) ^ tables[0][crc >> 24];
    }
  return tables;
}

template <std::uint32_t polynomial>
inline constexpr CrcTables low_first = low_first_tables(polynomial);

template <std::uint32_t polynomial>
inline constexpr CrcTables high_first = high_first_tables(polynomial);

/// `crc` is the register before the first byte.
template <std::uint32_t polynomial>
std::uint32_t crc_low_first(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  constexpr const CrcTables& t = low_first<polynomial>;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint32_t a = wire::load_little<std::uint32_t>(bytes.data()) ^ crc;
    const std::uint32_t b = wire::load_little<std::uint32_t>(bytes.data() + 4);
    crc = t[7][a & 0xff] ^ t[6][a >> 8 & 0xff] ^ t[5][a >> 16 & 0xff] ^ t[4][a >> 24] ^  //
          t[3][b & 0xff] ^ t[2][b >> 8 & 0xff] ^ t[1][b >> 16 & 0xff] ^ t[0][b >> 24];
  }
  for (const std::byte each : bytes) crc = (crc >> 8) ^ t[0][(crc ^ std::to_integer<std::uint32_t>(each)) & 0xff];
  return crc;
}

template <std::uint32_t polynomial>
std::uint32_t crc_high_first(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  constexpr const CrcTables& t = high_first<polynomial>;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint32_t a = wire::load_big<std::uint32_t>(bytes.data()) ^ crc;
    const std::uint32_t b = wire::load_big<std::uint32_t>(bytes.data() + 4);
    crc = t[7][a >> 24] ^ t[6][a >> 16 & 0xff] ^ t[5][a >> 8 & 0xff] ^ t[4][a & 0xff] ^  //
          t[3][b >> 24] ^ t[2][b >> 16 & 0xff] ^ t[1][b >> 8 & 0xff] ^ t[0][b & 0xff];
  }
  for (const std::byte each : bytes) crc = (crc << 8) ^ t[0][(crc >> 24) ^ std::to_integer<std::uint32_t>(each)];
  return crc;
}

}  // namespace parley::app::detail
