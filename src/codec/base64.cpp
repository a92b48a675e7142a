#include "codec/base64.hpp"

#include <array>
#include <cstdint>

namespace parley::codec {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t not_in_alphabet = 64;

constexpr std::array<std::uint8_t, 256> values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(not_in_alphabet);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}();

std::uint32_t byte_at(std::span<const std::byte> bytes, std::size_t i) noexcept {
  return i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0;
}

}  // namespace

void encode_base64(std::span<const std::byte> bytes, char* to) noexcept {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = i + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=';
    *to++ = i + 2 < bytes.size() ? alphabet[group & 63] : '=';
  }
}

bool decode_base64(std::string_view text, std::vector<std::byte>& bytes) {
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  bytes.clear();
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char c : digits) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == not_in_alphabet) return false;
    bits = bits << 6 | value;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> bit_count));
      bits &= (1U << bit_count) - 1;
    }
  }
  return bits == 0;
}

}  // namespace parley::codec
