#pragma once

#include <parley/wire/framing.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace bench::micro {

inline constexpr std::size_t small_size = 64;
inline constexpr std::size_t medium_size = 1024;

inline parley::Framing length_prefixed(std::size_t) { return parley::LengthPrefixed{}; }
inline parley::Framing varint_prefixed(std::size_t) { return parley::VarintPrefixed{}; }
inline parley::Framing separator(std::size_t) { return parley::Separator{}; }
inline parley::Framing long_separator(std::size_t) { return parley::Separator{.bytes = "\r\n"}; }
inline parley::Framing fixed_length(std::size_t size) { return parley::FixedLength{.size = size}; }
inline parley::Framing raw(std::size_t) { return parley::Raw{}; }

/// No separator in it.
inline std::string body_of(std::size_t size) { return std::string(size, 'x'); }

inline std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

}  // namespace bench::micro
