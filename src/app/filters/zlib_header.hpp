// The two bytes before a zlib stream (RFC 1950, section 2.2).
#pragma once

#include <parley/wire/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::app::detail {

inline constexpr std::size_t zlib_header_size = 2;

/// Deflate with a window of 32 KiB, no preset dictionary; the level is for people.
inline std::array<std::byte, zlib_header_size> zlib_header(int level) noexcept {
  const unsigned fastness = level < 2 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3;
  unsigned header = 0x7800U | fastness << 6;
  header += 31 - header % 31;
  return {static_cast<std::byte>(header >> 8), static_cast<std::byte>(header & 0xff)};
}

enum class ZlibHeader : std::uint8_t { good, none, needs_dictionary };

inline ZlibHeader read_zlib_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < zlib_header_size) return ZlibHeader::none;
  const unsigned header = wire::load_big<std::uint16_t>(bytes.data());
  const bool is_deflate = (header >> 8 & 0xf) == 8 && header >> 12 <= 7;
  if (!is_deflate || header % 31 != 0) return ZlibHeader::none;
  return (header & 0x20) == 0 ? ZlibHeader::good : ZlibHeader::needs_dictionary;
}

}  // namespace parley::app::detail
