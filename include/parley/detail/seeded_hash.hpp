// SeededHash: a hash of what peers choose. Who does not know the secrets cannot choose many that collide, and so cannot
// make a hash map slow. It is for nothing but such maps: their order differs from run to run.
#pragma once

#include <parley/detail/export.hpp>

#include <cstddef>
#include <cstdint>

namespace parley::detail {

/// Two numbers that nobody outside knows.
struct HashSecrets {
  std::uint64_t first;   ///< for the first half
  std::uint64_t second;  ///< for the second half
};

/// From the system's source of randomness. A process has drawn its own once, for all that it hashes.
[[nodiscard]] PARLEY_EXPORT HashSecrets draw_hash_secrets() noexcept;

/// All 128 bits of the product, folded into 64.
[[nodiscard]] inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Of 128 bits. Whatever differs between two inputs is multiplied by something secret; the second product spreads what
/// inputs that lie at equal distances would have in common.
[[nodiscard]] inline std::size_t seeded_hash(std::uint64_t a, std::uint64_t b, const HashSecrets& secrets) noexcept {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = folded_product(a ^ secrets.first, b ^ secrets.second);
  return static_cast<std::size_t>(folded_product(mixed ^ secrets.second, odd));
}

/// Drawn when the first is asked for, also by the constructor of a static object.
[[nodiscard]] PARLEY_EXPORT inline const HashSecrets& hash_secrets() noexcept {
  static const HashSecrets drawn = draw_hash_secrets();
  return drawn;
}

}  // namespace parley::detail
