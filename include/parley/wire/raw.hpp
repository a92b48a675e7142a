// Bytes as they come: what was read is a message (docs/protocols/framing.md section 7).
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <algorithm>
#include <span>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class PARLEY_EXPORT RawDecoder final {
 public:
  /// Throws std::invalid_argument for a limit of zero, under which no byte could ever be delivered.
  RawDecoder(Raw, std::size_t message_size_max);

  /// Never an error; what exceeds the limit follows as further messages.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) const noexcept {
    if (unread.empty()) return DecodeStep::incomplete(0, eof, 1);
    const std::size_t size = std::min(unread.size(), size_max_);
    return DecodeStep::frame(0, size, size);
  }

 private:
  std::size_t size_max_;
};

/// Says what goes around the bodies sent in one direction of one connection.
class PARLEY_EXPORT RawEncoder final {
 public:
  /// Throws std::invalid_argument for a limit of zero.
  RawEncoder(Raw, std::size_t message_size_max);

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
