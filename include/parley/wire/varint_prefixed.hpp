// Messages behind a base-128 varint, low bits first (docs/protocols/framing.md section 3).
#pragma once

#include <parley/wire/framing.hpp>

#include <algorithm>
#include <span>

namespace parley::wire {

/// The longest varint: 64 bits in groups of seven.
inline constexpr std::size_t varint_size_max = 10;

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class VarintPrefixedDecoder final {
 public:
  /// The limit is in bytes of body.
  explicit VarintPrefixedDecoder(VarintPrefixed, std::size_t message_size_max) noexcept
      : size_max_{std::min(message_size_max, body_size_max)} {}

  /// Errors: message_too_large at offset 0 with the size announced; malformed at offset 9, the tenth byte, when the
  /// length does not end there or does not fit 64 bits; truncated.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) const noexcept {
    std::uint64_t body_size = 0;
    for (std::size_t i = 0; i < varint_size_max; ++i) {
      if (i == unread.size()) return DecodeStep::incomplete(unread.size(), eof, i + 1);
      const auto octet = std::to_integer<std::uint64_t>(unread[i]);
      if (i == varint_size_max - 1 && octet > 1) break;
      body_size |= (octet & 0x7f) << (7 * i);
      if (octet < 0x80) return cut(unread.size(), eof, i + 1, body_size);
    }
    return DecodeStep::fail(error::malformed, varint_size_max - 1);
  }

 private:
  [[nodiscard]] DecodeStep cut(std::size_t unread_size, bool eof, std::size_t header_size,
                               std::uint64_t body_size) const noexcept {
    if (body_size > size_max_) return DecodeStep::fail(error::message_too_large, 0, saturate_size(body_size));
    const std::size_t total = header_size + static_cast<std::size_t>(body_size);
    if (unread_size < total) return DecodeStep::incomplete(unread_size, eof, total);
    return DecodeStep::frame(header_size, total - header_size, total);
  }

  std::size_t size_max_;
};

/// Says what goes around the bodies sent in one direction of one connection.
class VarintPrefixedEncoder final {
 public:
  /// The limit is in bytes of body.
  explicit VarintPrefixedEncoder(VarintPrefixed, std::size_t message_size_max) noexcept
      : size_max_{std::min(message_size_max, body_size_max)} {}

  /// Error: message_too_large.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const noexcept {
    if (body.size() > size_max_) return error::message_too_large;
    out.clear();
    std::size_t header_size = 0;
    std::uint64_t rest = body.size();
    for (; rest >= 0x80; rest >>= 7) out.scratch[header_size++] = static_cast<std::byte>(rest | 0x80);
    out.scratch[header_size++] = static_cast<std::byte>(rest);
    out.header = {out.scratch.data(), header_size};
    return {};
  }

 private:
  std::size_t size_max_;
};

}  // namespace parley::wire
