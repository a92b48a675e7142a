#include "base64.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace parley::tool {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

[[noreturn]] void reject(const std::string& why) { throw std::invalid_argument{why}; }

/// How many bytes the last four characters lack.
std::size_t padding_size(std::string_view text) noexcept {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

/// Six bits of each of four characters; padding counts as nothing.
std::uint32_t group_at(std::string_view text, std::size_t begin, std::size_t digits_end) {
  std::uint32_t group = 0;
  for (std::size_t i = begin; i < begin + 4; ++i) {
    const std::size_t digit = i < digits_end ? alphabet.find(text[i]) : 0;
    if (digit == std::string_view::npos)
      reject("character " + std::to_string(i + 1) + " is none of A-Z a-z 0-9 + / (and = at the end)");
    group = group << 6 | static_cast<std::uint32_t>(digit);
  }
  return group;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : std::uint32_t{0});
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? alphabet[group >> (18 - 6 * k) & 0x3f] : '=';
  }
  return out;
}

std::string from_base64(std::string_view text) {
  const std::size_t padding = padding_size(text);
  const std::size_t digits_end = text.size() - padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i + 4 <= text.size(); i += 4) {
    const std::uint32_t group = group_at(text, i, digits_end);
    for (const unsigned shift : {16u, 8u, 0u}) bytes += static_cast<char>(group >> shift & 0xff);
  }
  // After the characters themselves, of which a wrong one is the likelier fault.
  if (text.size() % 4 != 0)
    reject("its size of " + std::to_string(text.size()) + " is no multiple of 4 (are the = at the end missing?)");
  const std::size_t size = bytes.size() - padding;
  if (bytes.find_first_not_of('\0', size) != std::string::npos) reject("bits are set behind its last byte");
  bytes.resize(size);
  return bytes;
}

}  // namespace parley::tool
