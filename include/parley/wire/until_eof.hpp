// One message for each direction, ended by the end of the stream (docs/protocols/framing.md section 6).
#pragma once

#include <parley/wire/framing.hpp>

#include <algorithm>
#include <span>

namespace parley::wire {

/// Finds messages in the bytes of one direction of one connection; the contract is that of FrameDecoder.
class UntilEofDecoder final {
 public:
  /// The limit is in bytes of body.
  explicit UntilEofDecoder(UntilEof, std::size_t message_size_max) noexcept
      : size_max_{std::min(message_size_max, body_size_max)} {}

  /// `eof` is an end in order: of a stream that has broken nobody knows whether the message is whole. An end with
  /// nothing before it is a clean end, not an empty message. Error: message_too_large at offset 0, with a
  /// size of one above the limit.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint /*now*/ = {}) const noexcept {
    if (unread.size() > size_max_) return DecodeStep::fail(error::message_too_large, 0, size_max_ + 1);
    if (!eof) return DecodeStep::needs(unread.size() + 1);
    if (unread.empty()) return DecodeStep::end();
    return DecodeStep::frame(0, unread.size(), unread.size());
  }

 private:
  std::size_t size_max_;
};

/// Says what goes around the bodies sent in one direction of one connection.
class UntilEofEncoder final {
 public:
  /// The limit is in bytes of body.
  explicit UntilEofEncoder(UntilEof, std::size_t message_size_max) noexcept
      : size_max_{std::min(message_size_max, body_size_max)} {}

  /// Sets `out.ends_stream`. Errors: message_too_large; unframeable for an empty body, which the peer could not tell
  /// from none; send_ended after a message was encoded. A refused body leaves the one message still to be sent.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) noexcept {
    if (sent_) return error::send_ended;
    if (body.size() > size_max_) return error::message_too_large;
    if (body.empty()) return error::unframeable;
    sent_ = true;
    out.clear();
    out.ends_stream = true;
    return {};
  }

 private:
  std::size_t size_max_;
  bool sent_ = false;
};

}  // namespace parley::wire
