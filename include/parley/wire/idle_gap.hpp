// Messages told apart by silence (docs/protocols/framing.md section 8).
//
// Only a call of `decode` that shows nothing new, at or behind the deadline, ends a message. So bytes that are seen
// late, at the deadline or after it, belong to the message before them: they may well have come in time and have waited
// for a busy program, and a message torn in two is worse for devices that are asked before they speak than two joined.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class PARLEY_EXPORT IdleGapDecoder final {
 public:
  /// Throws std::invalid_argument for options out of range, and for a limit of zero, under which no byte could ever be
  /// delivered.
  IdleGapDecoder(const IdleGap& options, std::size_t message_size_max);

  /// The end of the stream ends a message as silence does. Should `now` go back, the silence is counted anew from
  /// there: a message is never more than one gap away. Error: message_too_large at offset 0, with a size of one above
  /// the limit.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint now) noexcept {
    if (unread.size() > size_max_) return DecodeStep::fail(error::message_too_large, 0, size_max_ + 1);
    if (unread.empty()) return DecodeStep::incomplete(0, eof, 1);
    const bool has_grown = unread.size() > seen_size_;
    seen_size_ = unread.size();
    silent_at_ = has_grown ? now + gap_ : std::min(*silent_at_, now + gap_);
    if (!eof && now < *silent_at_) return DecodeStep::needs(unread.size() + 1);
    seen_size_ = 0;
    silent_at_.reset();
    return DecodeStep::frame(0, unread.size(), unread.size());
  }

  /// When the silence will have lasted long enough; nothing while no message has begun.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return silent_at_; }

 private:
  Duration gap_;
  std::size_t size_max_;
  std::size_t seen_size_ = 0;           // of the message that has begun
  std::optional<TimePoint> silent_at_;  // while seen_size_ > 0
};

/// Says what goes around the bodies sent in one direction of one connection: nothing.
class PARLEY_EXPORT IdleGapEncoder final {
 public:
  /// Throws std::invalid_argument as the decoder does.
  IdleGapEncoder(const IdleGap& options, std::size_t message_size_max);

  /// Errors: message_too_large; unframeable for an empty body, which puts nothing on the wire.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const noexcept {
    if (body.size() > size_max_) return error::message_too_large;
    if (body.empty()) return error::unframeable;
    out.clear();
    return {};
  }

 private:
  std::size_t size_max_;
};

}  // namespace parley::wire
