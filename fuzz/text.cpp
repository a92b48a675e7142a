// The input is a payload of Text. What is UTF-8 is told here by its definition, and there by tables of what may follow.
#include "require.hpp"

#include <parley/codec/codec.hpp>
#include <parley/codec/text.hpp>
#include <parley/wire/utf8.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

/// The size of the character at the front of `text`; 0 if there is none.
std::size_t front_size(std::string_view text) {
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x1'0000};
  const auto lead = static_cast<std::uint8_t>(text.front());
  if (lead < 0x80) return 1;
  const auto size = static_cast<std::size_t>(std::countl_one(lead));
  if (size < 2 || size > 4 || size > text.size()) return 0;
  std::uint32_t code = lead & (0x7FU >> size);
  for (const char each : text.substr(1, size - 1)) {
    const auto tail = static_cast<std::uint8_t>(each);
    if (tail >> 6 != 2) return 0;
    code = code << 6 | (tail & 0x3FU);
  }
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < smallest[size] || is_surrogate || code > 0x10'FFFF ? 0 : size;
}

std::size_t valid_size(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = front_size(text.substr(at));
    if (size == 0) break;
    at += size;
  }
  return at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  const std::size_t valid = valid_size(payload);
  fuzz::require(wire::valid_utf8_size(payload) == valid && wire::is_utf8(payload) == (valid == size));
  try {
    fuzz::require(Text{}.decode(payload) == payload && valid == size);
  } catch (const Error&) {
    fuzz::require(valid != size);
  }
  return 0;
}
