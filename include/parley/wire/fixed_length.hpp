// Messages of one fixed size (docs/protocols/framing.md section 5).
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <span>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class PARLEY_EXPORT FixedLengthDecoder final {
 public:
  /// Throws std::invalid_argument for options out of range, and for a size over the limit on messages.
  FixedLengthDecoder(const FixedLength& options, std::size_t message_size_max);

  /// Error: truncated. Fewer bytes than a message are never one, however they arrive.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) const noexcept {
    if (unread.size() < options_.size) return DecodeStep::incomplete(unread.size(), eof, options_.size);
    std::size_t body_size = options_.size;
    if (options_.strip)
      while (body_size > 0 && unread[body_size - 1] == static_cast<std::byte>(options_.pad)) --body_size;
    return DecodeStep::frame(0, body_size, options_.size);
  }

 private:
  FixedLength options_;
};

/// Says what goes around the bodies sent in one direction of one connection.
class PARLEY_EXPORT FixedLengthEncoder final {
 public:
  /// Throws std::invalid_argument for options out of range, and for a size over the limit on messages.
  FixedLengthEncoder(const FixedLength& options, std::size_t message_size_max);

  /// Error: unframeable for a body longer than the fixed size.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const noexcept {
    if (body.size() > options_.size) return error::unframeable;
    out.clear();
    out.pad = static_cast<std::byte>(options_.pad);
    out.pad_size = options_.size - body.size();
    return {};
  }

 private:
  FixedLength options_;
};

}  // namespace parley::wire
