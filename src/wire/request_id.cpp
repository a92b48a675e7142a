// Ids of requests as text and back, eight digits at a time: each request needs it four times.
#include <parley/wire/bytes.hpp>
#include <parley/wire/request_metadata.hpp>

namespace parley::wire {
namespace {

constexpr std::size_t digits_at_once = 8;

constexpr std::uint64_t in_each_byte(std::uint64_t byte) noexcept { return byte * 0x0101'0101'0101'0101; }

void put_digits(char* out, std::uint32_t value) noexcept {
  std::uint64_t digits = value;
  digits = (digits | digits << 16) & 0x0000'ffff'0000'ffff;
  digits = (digits | digits << 8) & 0x00ff'00ff'00ff'00ff;
  digits = (digits | digits << 4) & in_each_byte(0x0f);
  const std::uint64_t letters = (digits + in_each_byte(6)) >> 4 & in_each_byte(1);
  constexpr std::uint64_t from_9_to_a = 'a' - '9' - 1;
  store_big(reinterpret_cast<std::byte*>(out), digits + in_each_byte('0') + letters * from_9_to_a);
}

/// False where one of them is no lower-case digit.
bool read_digits(const char* text, std::uint32_t& value) noexcept {
  const auto digits = load_big<std::uint64_t>(reinterpret_cast<const std::byte*>(text));
  const std::uint64_t letters = digits >> 6 & in_each_byte(1);
  const std::uint64_t low = digits & in_each_byte(0x0f);
  // '0' to '9' are 30 to 39, and 'a' to 'f' 61 to 66.
  const bool has_rows = (digits & in_each_byte(0xf0)) == in_each_byte(0x30) + letters * 0x30;
  const std::uint64_t too_high = (low + in_each_byte(6) + letters * 3) & in_each_byte(0x10);
  const std::uint64_t not_zero = (low + in_each_byte(0x0f)) >> 4 & in_each_byte(1);
  if (!has_rows || too_high != 0 || (letters & ~not_zero) != 0) return false;
  std::uint64_t packed = low + letters * 9;
  packed = (packed | packed >> 4) & 0x00ff'00ff'00ff'00ff;
  packed = (packed | packed >> 8) & 0x0000'ffff'0000'ffff;
  value = static_cast<std::uint32_t>(packed | packed >> 16);
  return true;
}

bool read_half(const char* text, std::uint64_t& half) noexcept {
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  if (!read_digits(text, high) || !read_digits(text + digits_at_once, low)) return false;
  half = std::uint64_t{high} << 32 | low;
  return true;
}

}  // namespace

void RequestId::put(char* out) const noexcept {
  for (const std::uint64_t half : {origin, number}) {
    put_digits(out, static_cast<std::uint32_t>(half >> 32));
    put_digits(out + digits_at_once, static_cast<std::uint32_t>(half));
    out += 2 * digits_at_once;
  }
}

bool RequestId::parse(std::string_view text, RequestId& id) noexcept {
  RequestId read;
  if (text.size() != text_size || !read_half(text.data(), read.origin) ||
      !read_half(text.data() + text_size / 2, read.number)) {
    return false;
  }
  id = read;
  return true;
}

}  // namespace parley::wire
