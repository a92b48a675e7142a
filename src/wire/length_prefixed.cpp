#include <parley/wire/length_prefixed.hpp>

namespace parley::wire {
namespace {

/// Also right for the smallest std::int64_t, which has no positive counterpart.
constexpr std::uint64_t magnitude(std::int64_t value) noexcept {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

constexpr std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a + b < a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

/// The largest body whose length fits the prefix.
constexpr std::uint64_t sayable_max(const LengthPrefixed& options) noexcept {
  const std::uint64_t length_max = unsigned_max(options.width);
  const std::uint64_t offset = magnitude(options.offset);
  return options.offset < 0 ? saturated_sum(length_max, offset) : length_max - offset;
}

}  // namespace

DecodeStep LengthPrefixedDecoder::decode_any(std::span<const std::byte> unread, bool eof) const noexcept {
  const std::size_t width = options_.width;
  if (unread.size() < width) return DecodeStep::incomplete(unread.size(), eof, width);
  const std::uint64_t length = load_unsigned(unread.data(), width, options_.order);
  const std::uint64_t offset = magnitude(options_.offset);
  if (options_.offset < 0) return cut(unread.size(), eof, width, saturated_sum(length, offset));
  if (length < offset) return DecodeStep::fail(error::malformed, 0);
  return cut(unread.size(), eof, width, length - offset);
}

LengthPrefixedEncoder::LengthPrefixedEncoder(const LengthPrefixed& options, std::size_t message_size_max)
    : options_{options}, is_plain_u32_{options == LengthPrefixed{}} {
  check(options);
  size_min_ = options.offset < 0 ? saturate_size(magnitude(options.offset)) : 0;
  size_max_ = std::min({message_size_max, body_size_max, saturate_size(sayable_max(options))});
}

}  // namespace parley::wire
