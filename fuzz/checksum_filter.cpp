// A checksum behind a message, against an account of the algorithms bit by bit.
//
//   input: kind (u8) || form and order (u8) || bytes to skip (u8) || a message as received
#include "framing_input.hpp"
#include "tests/support/filtering.hpp"

#include <parley/app/filters/checksum.hpp>

#include <algorithm>
#include <cctype>

namespace {

using namespace parley;
using app::ChecksumKind;

/// As the catalogue describes a CRC: the register in the low `width` bits.
struct Algorithm {
  unsigned width;
  std::uint32_t polynomial;
  std::uint32_t first;
  bool is_reflected;
  std::uint32_t last_xor;
};

Algorithm algorithm_of(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::crc16_modbus: return {16, 0x8005, 0xffff, true, 0};
    case ChecksumKind::crc16_ccitt: return {16, 0x1021, 0xffff, false, 0};
    case ChecksumKind::crc16_xmodem: return {16, 0x1021, 0, false, 0};
    case ChecksumKind::crc16_kermit: return {16, 0x1021, 0, true, 0};
    case ChecksumKind::crc16_arc: return {16, 0x8005, 0, true, 0};
    case ChecksumKind::crc32: return {32, 0x04c11db7, 0xffffffff, true, 0xffffffff};
    default: return {32, 0x1edc6f41, 0xffffffff, true, 0xffffffff};
  }
}

std::uint32_t reversed(std::uint32_t value, unsigned width) {
  std::uint32_t result = 0;
  for (unsigned bit = 0; bit < width; ++bit)
    if ((value >> bit & 1) != 0) result |= std::uint32_t{1} << (width - 1 - bit);
  return result;
}

std::uint32_t crc_by_bits(const Algorithm& a, std::string_view text) {
  std::uint32_t crc = a.first;
  const std::uint32_t top = std::uint32_t{1} << (a.width - 1);
  const std::uint32_t mask = top | (top - 1);
  for (const char c : text) {
    const auto octet = static_cast<std::uint8_t>(c);
    crc ^= (a.is_reflected ? reversed(octet, 8) : octet) << (a.width - 8);
    for (int bit = 0; bit < 8; ++bit) crc = ((crc << 1) ^ ((crc & top) != 0 ? a.polynomial : 0)) & mask;
  }
  return (a.is_reflected ? reversed(crc, a.width) : crc) ^ a.last_xor;
}

std::uint32_t by_bits(ChecksumKind kind, std::string_view text) {
  if (kind != ChecksumKind::xor8) return crc_by_bits(algorithm_of(kind), text);
  std::uint8_t all = 0;
  for (const char c : text) all ^= static_cast<std::uint8_t>(c);
  return all;
}

/// The checksum as it stands behind a body: the highest byte first.
std::string written(const app::Checksum& options, std::string_view body) {
  const std::uint32_t value = by_bits(options.kind, body.substr(std::min(options.skip, body.size())));
  std::string bytes;
  for (std::size_t i = app::checksum_size(options.kind); i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
  if (options.order == ByteOrder::little) std::reverse(bytes.begin(), bytes.end());
  if (options.form == app::ChecksumForm::binary) return bytes;
  std::string digits;
  for (const char c : bytes)
    for (const int shift : {4, 0}) digits += "0123456789ABCDEF"[static_cast<std::uint8_t>(c) >> shift & 0xf];
  return digits;
}

std::string in_upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  app::Checksum options;
  options.kind = static_cast<ChecksumKind>(input.u8() % 8);
  const std::uint8_t how = input.u8();
  options.form = (how & 1) != 0 ? app::ChecksumForm::hexadecimal : app::ChecksumForm::binary;
  options.order = (how & 2) != 0 ? ByteOrder::big : ByteOrder::little;
  options.skip = input.u8();
  const std::string received{input.rest()};
  const auto filter = app::checksum_filter(options)();

  const std::string sent = test::encoded(*filter, received);
  fuzz::require(sent == received + written(options, received));
  fuzz::require(test::decoded(*filter, sent) == received);

  const app::FilterResult result = filter->decode(received);
  const std::size_t trailer = sent.size() - received.size();
  if (!result.is_message()) {
    fuzz::require(result.code().failed() && !result.sentence().empty());
    if (received.size() < trailer) return 0;
  }
  fuzz::require(received.size() >= trailer);
  const std::string body = received.substr(0, received.size() - trailer);
  std::string given = received.substr(body.size());
  if (options.form == app::ChecksumForm::hexadecimal) given = in_upper_case(std::move(given));
  fuzz::require(result.is_message() == (given == written(options, body)));
  fuzz::require(!result.is_message() || result.message().view() == body);
  return 0;
}
