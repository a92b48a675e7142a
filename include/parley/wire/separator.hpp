// Messages that end with a separator (docs/protocols/framing.md section 4).
//
// The decoder remembers how far it has searched, so that a byte is looked at once however the stream is cut, but for
// the few that may begin a separator whose end has not come. Invariant: no separator begins before `searched_`.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class PARLEY_EXPORT SeparatorDecoder final {
 public:
  /// Throws std::invalid_argument for options out of range.
  SeparatorDecoder(const Separator& options, std::size_t message_size_max);

  /// The limit counts the body without its separator. Errors: message_too_large at offset 0, with a size of one above
  /// the limit, known at the latest when limit and separator together have come; truncated, also where only a part of
  /// the separator is missing.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) noexcept {
    const std::size_t at = find(unread);
    if (at == npos) return not_found(unread.size(), eof);
    if (at > size_max_) return too_large();
    searched_ = 0;
    const std::size_t consumed = at + separator_.size();
    return DecodeStep::frame(0, keep_ ? consumed : at, consumed);
  }

 private:
  static constexpr std::size_t npos = std::string_view::npos;

  /// Where the first separator begins, or npos. One byte is the common case, and memchr the fastest search there is.
  [[nodiscard]] std::size_t find(std::span<const std::byte> unread) const noexcept {
    if (separator_.size() != 1) return find_long(unread);
    if (searched_ >= unread.size()) return npos;
    const void* const hit = std::memchr(unread.data() + searched_, separator_.front(), unread.size() - searched_);
    return hit == nullptr ? npos : static_cast<std::size_t>(static_cast<const std::byte*>(hit) - unread.data());
  }
  [[nodiscard]] std::size_t find_long(std::span<const std::byte> unread) const noexcept;
  [[nodiscard]] DecodeStep not_found(std::size_t unread_size, bool eof) noexcept;
  [[nodiscard]] DecodeStep too_large() const noexcept {
    return DecodeStep::fail(error::message_too_large, 0, size_max_ + 1);
  }

  std::string separator_;
  bool keep_;
  std::size_t size_max_;
  std::size_t searched_ = 0;
};

/// Says what goes around the bodies sent in one direction of one connection.
class PARLEY_EXPORT SeparatorEncoder final {
 public:
  /// Throws std::invalid_argument for options out of range.
  SeparatorEncoder(const Separator& options, std::size_t message_size_max);

  /// Errors: message_too_large; unframeable when the peer would find a separator before the end of the body, which
  /// also happens when the two overlap: "x\n" followed by "\n\n".
  /// `out.trailer` points into this object.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const noexcept;

 private:
  [[nodiscard]] bool separates_early(std::string_view body) const noexcept;

  Separator options_;
  std::size_t size_max_;
};

}  // namespace parley::wire
