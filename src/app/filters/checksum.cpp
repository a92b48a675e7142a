#include "app/filters/bad_message.hpp"
#include "app/filters/checksums.hpp"
#include "app/filters/crc.hpp"
#include "wire/hex_digits.hpp"

#include <parley/app/filters/checksum.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::app {
namespace {

using detail::bad_message;
using detail::of_size;
using detail::traits_of;

constexpr std::size_t trailer_size_max = 8;
constexpr std::string_view upper_digits = "0123456789ABCDEF";

std::byte exclusive_or(std::span<const std::byte> bytes) noexcept {
  return std::accumulate(bytes.begin(), bytes.end(), std::byte{0}, std::bit_xor<>{});
}

std::string in_hexadecimal(std::uint32_t value, std::size_t size) {
  std::string text = "0x";
  for (std::size_t digit = 2 * size; digit-- > 0;) text += upper_digits[value >> (4 * digit) & 0xf];
  return text;
}

class ChecksumFilter final : public Filter {
 public:
  explicit ChecksumFilter(const Checksum& options)
      : options_{options}, size_{checksum_size(options.kind)}, order_{order_of(options)} {}

  FilterResult decode(Message message) override {
    const std::size_t trailer = trailer_size();
    if (message.size() < trailer)
      return bad_message(options_.on_bad_message, of_size(message.size()) + " is too short for the checksum " + name() +
                                                      ", which has " + std::to_string(trailer));
    const std::size_t body_size = message.size() - trailer;
    const std::optional<std::uint32_t> given = read(message.bytes().subspan(body_size));
    if (!given)
      return bad_message(options_.on_bad_message, of_size(message.size()) + " does not end with the " +
                                                      std::to_string(trailer) + " hexadecimal digits of the checksum " +
                                                      name());
    const std::uint32_t computed = compute(message.bytes().first(body_size));
    if (*given != computed)
      return bad_message(options_.on_bad_message, "the checksum " + name() + " of a " + of_size(body_size) + " is " +
                                                      in_hexadecimal(computed, size_) + ", and " +
                                                      in_hexadecimal(*given, size_) + " came with it");
    return message.slice(0, body_size);
  }

  FilterResult encode(Message message) override {
    std::array<std::byte, trailer_size_max> room{};
    const std::span<std::byte> trailer{room.data(), trailer_size()};
    write(compute(message.bytes()), trailer);
    const std::array<std::span<const std::byte>, 2> pieces{message.bytes(), trailer};
    return Message::join(pieces);
  }

 private:
  static ByteOrder order_of(const Checksum& options) noexcept {
    if (options.order) return *options.order;
    return options.form == ChecksumForm::hexadecimal ? ByteOrder::big : traits_of(options.kind).order;
  }

  [[nodiscard]] bool in_digits() const noexcept { return options_.form == ChecksumForm::hexadecimal; }
  [[nodiscard]] std::size_t trailer_size() const noexcept { return in_digits() ? 2 * size_ : size_; }
  [[nodiscard]] std::string name() const { return std::string{traits_of(options_.kind).name}; }

  [[nodiscard]] std::uint32_t compute(std::span<const std::byte> body) const noexcept {
    return checksum(options_.kind, body.subspan(std::min(options_.skip, body.size())));
  }

  /// Nothing when a digit is none.
  [[nodiscard]] std::optional<std::uint32_t> read(std::span<const std::byte> trailer) const noexcept {
    if (!in_digits()) return static_cast<std::uint32_t>(wire::load_unsigned(trailer.data(), size_, order_));
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const int high = wire::hex_digit(static_cast<char>(trailer[2 * i]));
      const int low = wire::hex_digit(static_cast<char>(trailer[2 * i + 1]));
      if (high < 0 || low < 0) return std::nullopt;
      value |= static_cast<std::uint32_t>(high << 4 | low) << shift_of(i);
    }
    return value;
  }

  void write(std::uint32_t value, std::span<std::byte> trailer) const noexcept {
    if (!in_digits()) return wire::store_unsigned(trailer.data(), value, size_, order_);
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint32_t octet = value >> shift_of(i) & 0xff;
      trailer[2 * i] = static_cast<std::byte>(upper_digits[octet >> 4]);
      trailer[2 * i + 1] = static_cast<std::byte>(upper_digits[octet & 0xf]);
    }
  }

  /// How far the byte with this number is to the left in the value.
  [[nodiscard]] std::size_t shift_of(std::size_t byte) const noexcept {
    return 8 * (order_ == ByteOrder::big ? size_ - 1 - byte : byte);
  }

  Checksum options_;
  std::size_t size_;
  ByteOrder order_;
};

void check(const Checksum& options) {
  if (static_cast<std::size_t>(options.kind) >= detail::all_checksums.size())
    throw std::invalid_argument("there is no checksum of kind " + std::to_string(static_cast<int>(options.kind)));
  if (options.form != ChecksumForm::binary && options.form != ChecksumForm::hexadecimal)
    throw std::invalid_argument("the form of a checksum is binary or hexadecimal");
  if (options.order && *options.order != ByteOrder::big && *options.order != ByteOrder::little)
    throw std::invalid_argument("the byte order of a checksum is big or little");
}

}  // namespace

std::size_t checksum_size(ChecksumKind kind) noexcept { return traits_of(kind).size; }

std::uint32_t checksum(ChecksumKind kind, std::span<const std::byte> bytes) noexcept {
  using namespace detail;
  constexpr std::uint32_t ones = 0xffff'ffff;
  switch (kind) {
    case ChecksumKind::xor8: return std::to_integer<std::uint32_t>(exclusive_or(bytes));
    case ChecksumKind::crc16_modbus: return crc_low_first<0xa001>(bytes, 0xffff);
    case ChecksumKind::crc16_ccitt: return crc_high_first<0x1021'0000>(bytes, 0xffff'0000) >> 16;
    case ChecksumKind::crc16_xmodem: return crc_high_first<0x1021'0000>(bytes, 0) >> 16;
    case ChecksumKind::crc16_kermit: return crc_low_first<0x8408>(bytes, 0);
    case ChecksumKind::crc16_arc: return crc_low_first<0xa001>(bytes, 0);
    case ChecksumKind::crc32: return crc_low_first<0xedb8'8320>(bytes, ones) ^ ones;
    case ChecksumKind::crc32c: return crc_low_first<0x82f6'3b78>(bytes, ones) ^ ones;
  }
  return 0;
}

MakeFilter checksum_filter(const Checksum& options) {
  check(options);
  return [options] { return std::make_unique<ChecksumFilter>(options); };
}

}  // namespace parley::app
