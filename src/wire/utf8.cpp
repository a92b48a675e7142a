#include <parley/wire/utf8.hpp>

#include <cstdint>
#include <cstring>

namespace parley::wire {
namespace {

unsigned char at(std::string_view text, std::size_t i) noexcept { return static_cast<unsigned char>(text[i]); }

bool is_tail(unsigned char c) noexcept { return (c & 0xC0) == 0x80; }

/// The size of the character at `i`, which is not ASCII; 0 if there is none.
std::size_t character_size(std::string_view text, std::size_t i) noexcept {
  const unsigned char lead = at(text, i);
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - i < size) return 0;
  // The second byte is what forbids overlong forms, surrogates, and what lies beyond U+10FFFF.
  const unsigned char second = at(text, i + 1);
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t k = 2; k < size; ++k)
    if (!is_tail(at(text, i + k))) return 0;
  return size;
}

bool eight_are_ascii(const char* from) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, from, sizeof bytes);
  return (bytes & 0x8080'8080'8080'8080) == 0;
}

}  // namespace

std::size_t valid_utf8_size(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 8 && eight_are_ascii(text.data() + i)) {
      i += 8;
    } else if (at(text, i) < 0x80) {
      ++i;
    } else if (const std::size_t size = character_size(text, i)) {
      i += size;
    } else {
      return i;
    }
  }
  return i;
}

}  // namespace parley::wire
