#include <parley/identity.hpp>

#include <ostream>
#include <stdexcept>

namespace parley {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

int value_of(char digit) noexcept {
  const char lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit;
  const std::size_t at = digits.find(lower);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

Identity Identity::of_random(std::uint64_t high, std::uint64_t low) noexcept {
  Bytes bytes;
  std::memcpy(bytes.data(), &high, sizeof high);  // in any order: they are random
  std::memcpy(bytes.data() + sizeof high, &low, sizeof low);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  return Identity{bytes};
}

Identity Identity::parse(std::string_view text) {
  Bytes bytes{};
  std::size_t count = 0;  // of digits
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '-') continue;
    const int value = value_of(text[at]);
    if (value < 0) {
      throw std::invalid_argument("identity `" + std::string{text} + "`: character " + std::to_string(at + 1) +
                                  " is no hexadecimal digit");
    }
    if (count < 2 * size) bytes[count / 2] = (bytes[count / 2] << 4) | static_cast<std::byte>(value);
    ++count;
  }
  if (count != 2 * size) {
    throw std::invalid_argument("identity `" + std::string{text} + "` has " + std::to_string(count) +
                                " hexadecimal digits; it must have 32");
  }
  return Identity{bytes};
}

std::string Identity::to_string() const {
  std::string text;
  text.reserve(2 * size);
  for (const std::byte byte : bytes_) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{0x0f})];
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Identity& identity) { return out << identity.to_string(); }

}  // namespace parley
