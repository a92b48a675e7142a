// Identity: sixteen bytes that name a Socket, whatever connections it makes.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/detail/seeded_hash.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace parley {

/// Names a socket to its peers, for as long as it lives. Random as a rule; one that is given, and kept over restarts,
/// lets peers tell that it is the same one again. Not a secret, and no proof of anything.
class PARLEY_EXPORT Identity {
 public:
  /// Of the bytes.
  static constexpr std::size_t size = 16;
  using Bytes = std::array<std::byte, size>;

  /// All zero: nobody's.
  constexpr Identity() noexcept = default;
  constexpr explicit Identity(const Bytes& bytes) noexcept : bytes_{bytes} {}

  /// A version 4 UUID of 128 random bits, of which six are overwritten by its format.
  [[nodiscard]] static Identity of_random(std::uint64_t high, std::uint64_t low) noexcept;

  /// From 32 hexadecimal digits, as to_string() prints them; hyphens between them are passed over. Throws
  /// std::invalid_argument, with what is wrong.
  [[nodiscard]] static Identity parse(std::string_view text);

  /// As on the wire.
  [[nodiscard]] constexpr const Bytes& bytes() const noexcept { return bytes_; }
  /// Whether it is nobody's.
  [[nodiscard]] bool is_null() const noexcept { return *this == Identity{}; }

  /// 32 hexadecimal digits, in lower case.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Identity& a, const Identity& b) noexcept {
    return std::memcmp(a.bytes_.data(), b.bytes_.data(), size) == 0;
  }
  friend std::strong_ordering operator<=>(const Identity& a, const Identity& b) noexcept {
    return std::memcmp(a.bytes_.data(), b.bytes_.data(), size) <=> 0;
  }

 private:
  Bytes bytes_{};
};

/// As to_string() has it.
PARLEY_EXPORT std::ostream& operator<<(std::ostream& out, const Identity& identity);

}  // namespace parley

/// Peers choose their identities, so it is seeded: nobody outside can choose many that collide. Hashes, and the order
/// of hash maps, are the same for as long as the process lives, and differ from run to run.
template <>
struct std::hash<parley::Identity> {
  /// Of all its bytes.
  std::size_t operator()(const parley::Identity& identity) const noexcept {
    std::uint64_t halves[2];
    std::memcpy(halves, identity.bytes().data(), sizeof halves);
    return parley::detail::seeded_hash(halves[0], halves[1], parley::detail::hash_secrets());
  }
};
