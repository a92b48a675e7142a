// Messages behind a length of fixed width (docs/protocols/framing.md section 2).
//
// Neither side keeps anything between calls: a length is read again when its body was not complete, which costs a few
// instructions for each read from the stream. The default, a u32 in network order, has a path of its own, inline.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <algorithm>
#include <span>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class PARLEY_EXPORT LengthPrefixedDecoder final {
 public:
  /// Throws std::invalid_argument for options out of range.
  LengthPrefixedDecoder(const LengthPrefixed& options, std::size_t message_size_max)
      : options_{options},
        is_plain_u32_{options == LengthPrefixed{}},
        size_max_{std::min(message_size_max, body_size_max)} {
    check(options);
  }

  /// Errors: message_too_large at offset 0 with the size announced, from the length alone; malformed at offset 0 when
  /// the length is smaller than the offset it includes; truncated.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) const noexcept {
    if (!is_plain_u32_) [[unlikely]]
      return decode_any(unread, eof);
    constexpr std::size_t header_size = 4;
    if (unread.size() < header_size) return DecodeStep::incomplete(unread.size(), eof, header_size);
    return cut(unread.size(), eof, header_size, load_big<std::uint32_t>(unread.data()));
  }

 private:
  [[nodiscard]] DecodeStep decode_any(std::span<const std::byte> unread, bool eof) const noexcept;

  [[nodiscard]] DecodeStep cut(std::size_t unread_size, bool eof, std::size_t header_size,
                               std::uint64_t body_size) const noexcept {
    if (body_size > size_max_) [[unlikely]]
      return DecodeStep::fail(error::message_too_large, 0, saturate_size(body_size));
    const std::size_t total = header_size + static_cast<std::size_t>(body_size);
    if (unread_size < total) return DecodeStep::incomplete(unread_size, eof, total);
    return DecodeStep::frame(header_size, total - header_size, total);
  }

  LengthPrefixed options_;
  bool is_plain_u32_;
  std::size_t size_max_;
};

/// Says what goes around the bodies sent in one direction of one connection.
class PARLEY_EXPORT LengthPrefixedEncoder final {
 public:
  /// Throws std::invalid_argument for options out of range.
  LengthPrefixedEncoder(const LengthPrefixed& options, std::size_t message_size_max);

  /// Errors: message_too_large over the limit, or over what the width can say; unframeable for a body so small that
  /// its length, with a negative offset, would be below zero.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const noexcept {
    if (body.size() > size_max_) [[unlikely]]
      return error::message_too_large;
    if (body.size() < size_min_) [[unlikely]]
      return error::unframeable;
    out.clear();
    const std::uint64_t length = body.size() + static_cast<std::uint64_t>(options_.offset);
    if (is_plain_u32_) [[likely]]
      store_big(out.scratch.data(), static_cast<std::uint32_t>(length));
    else
      store_unsigned(out.scratch.data(), length, options_.width, options_.order);
    out.header = {out.scratch.data(), options_.width};
    return {};
  }

 private:
  LengthPrefixed options_;
  bool is_plain_u32_;
  std::size_t size_min_;
  std::size_t size_max_;
};

}  // namespace parley::wire
