#include <parley/wire/separator.hpp>

#include <algorithm>

namespace parley::wire {
namespace {

/// Mostly the first byte of a separator is rare in the body, and memchr, behind find of a char, is several times as
/// fast as memmem. Where it is not rare, memmem takes over, which is linear whatever the bytes.
std::size_t find_bytes(std::string_view where, std::string_view what) noexcept {
  constexpr int false_starts_max = 4;
  std::size_t from = 0;
  for (int false_starts = 0; false_starts < false_starts_max; ++false_starts) {
    const std::size_t at = where.find(what.front(), from);
    if (at == std::string_view::npos || where.substr(at).starts_with(what)) return at;
    from = at + 1;
  }
  const void* const hit = ::memmem(where.data() + from, where.size() - from, what.data(), what.size());
  if (hit == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(hit) - where.data());
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

SeparatorDecoder::SeparatorDecoder(const Separator& options, std::size_t message_size_max)
    : separator_{options.bytes}, keep_{options.keep}, size_max_{std::min(message_size_max, body_size_max)} {
  check(options);
}

std::size_t SeparatorDecoder::find_long(std::span<const std::byte> unread) const noexcept {
  if (searched_ >= unread.size()) return npos;
  const std::size_t at = find_bytes(as_text(unread).substr(searched_), separator_);
  return at == npos ? npos : searched_ + at;
}

DecodeStep SeparatorDecoder::not_found(std::size_t unread_size, bool eof) noexcept {
  // The last bytes may be the beginning of a separator: they are searched again when more has come.
  const std::size_t tail_size = separator_.size() - 1;
  searched_ = std::max(searched_, unread_size - std::min(unread_size, tail_size));
  if (searched_ > size_max_) return too_large();
  return DecodeStep::incomplete(unread_size, eof, std::max(unread_size + 1, separator_.size()));
}

SeparatorEncoder::SeparatorEncoder(const Separator& options, std::size_t message_size_max)
    : options_{options}, size_max_{std::min(message_size_max, body_size_max)} {
  check(options);
}

boost::system::error_code SeparatorEncoder::encode(std::span<const std::byte> body, Envelope& out) const noexcept {
  std::string_view text = as_text(body);
  const bool is_ended = options_.keep && text.ends_with(options_.bytes);
  if (is_ended) text.remove_suffix(options_.bytes.size());
  if (text.size() > size_max_) return error::message_too_large;
  if (!options_.allow_in_body && separates_early(text)) return error::unframeable;
  out.clear();
  if (!is_ended) out.trailer = std::as_bytes(std::span{options_.bytes});
  return {};
}

bool SeparatorEncoder::separates_early(std::string_view body) const noexcept {
  const std::string_view separator = options_.bytes;
  if (find_bytes(body, separator) != std::string_view::npos) return true;
  // A separator may begin in the last bytes of the body and end within the one that follows.
  for (std::size_t begun = 1; begun < separator.size(); ++begun)
    if (body.ends_with(separator.substr(0, begun)) && separator.starts_with(separator.substr(begun))) return true;
  return false;
}

}  // namespace parley::wire
