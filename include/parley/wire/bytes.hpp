// Integers in bytes: big- and little-endian load and store of 1, 2, 4 and 8 bytes, at any alignment.
//
// All of it works in constant expressions, and is one move and one byte swap otherwise. (GCC 12 makes a loop of loops.)
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley {

/// Which byte of an integer comes first on the wire.
enum class ByteOrder : std::uint8_t {
  big,     ///< the most significant one: network order
  little,  ///< the least significant one
};

}  // namespace parley

namespace parley::wire {

namespace detail {

template <std::unsigned_integral T>
constexpr T byte_swapped(T value) noexcept {
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  return value;
}

/// Between the machine's own order and the one wanted, either way round.
template <std::endian order, std::unsigned_integral T>
constexpr T reordered(T value) noexcept {
  return order == std::endian::native ? value : byte_swapped(value);
}

template <std::endian order, std::unsigned_integral T>
constexpr T load(const std::byte* from) noexcept {
  std::array<std::byte, sizeof(T)> bytes{};
  std::copy_n(from, sizeof(T), bytes.begin());
  return reordered<order>(std::bit_cast<T>(bytes));
}

template <std::endian order, std::unsigned_integral T>
constexpr void store(std::byte* to, T value) noexcept {
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(reordered<order>(value));
  std::copy_n(bytes.begin(), sizeof(T), to);
}

}  // namespace detail

/// Reads sizeof(T) bytes from `from`, the most significant first.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_big(const std::byte* from) noexcept {
  return detail::load<std::endian::big, T>(from);
}

/// Reads sizeof(T) bytes from `from`, the least significant first.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T load_little(const std::byte* from) noexcept {
  return detail::load<std::endian::little, T>(from);
}

/// Writes sizeof(T) bytes to `to`, the most significant first.
template <std::unsigned_integral T>
constexpr void store_big(std::byte* to, T value) noexcept {
  detail::store<std::endian::big>(to, value);
}

/// Writes sizeof(T) bytes to `to`, the least significant first.
template <std::unsigned_integral T>
constexpr void store_little(std::byte* to, T value) noexcept {
  detail::store<std::endian::little>(to, value);
}

/// The same with the width known only when the program runs: `width` is 1, 2, 4 or 8.
[[nodiscard]] constexpr std::uint64_t load_unsigned(const std::byte* from, std::size_t width,
                                                    ByteOrder order) noexcept {
  const bool big = order == ByteOrder::big;
  switch (width) {
    case 1: return load_big<std::uint8_t>(from);
    case 2: return big ? load_big<std::uint16_t>(from) : load_little<std::uint16_t>(from);
    case 4: return big ? load_big<std::uint32_t>(from) : load_little<std::uint32_t>(from);
    default: return big ? load_big<std::uint64_t>(from) : load_little<std::uint64_t>(from);
  }
}

/// `width` is 1, 2, 4 or 8, and `value` fits.
constexpr void store_unsigned(std::byte* to, std::uint64_t value, std::size_t width, ByteOrder order) noexcept {
  const bool big = order == ByteOrder::big;
  const auto put = [&]<class T>(T narrow) { big ? store_big(to, narrow) : store_little(to, narrow); };
  switch (width) {
    case 1: return put(static_cast<std::uint8_t>(value));
    case 2: return put(static_cast<std::uint16_t>(value));
    case 4: return put(static_cast<std::uint32_t>(value));
    default: return put(value);
  }
}

/// The largest value `width` bytes can hold; `width` is 1 to 8.
[[nodiscard]] constexpr std::uint64_t unsigned_max(std::size_t width) noexcept {
  return std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * width);
}

/// A size announced by a peer as a std::size_t; where that is narrower, what does not fit becomes its maximum.
[[nodiscard]] constexpr std::size_t saturate_size(std::uint64_t value) noexcept {
  constexpr std::uint64_t max = std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(value < max ? value : max);
}

}  // namespace parley::wire
