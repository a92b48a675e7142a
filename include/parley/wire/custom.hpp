// Framings written by users, made safe to drive.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/wire/framing.hpp>

#include <memory>
#include <optional>
#include <span>

namespace parley::wire {

/// Holds a user's decoder and checks what it answers: a frame that takes no bytes or lies outside those shown, or a
/// need that is met already, can neither hang nor crash the driver.
class PARLEY_EXPORT CustomDecoder final {
 public:
  /// Throws std::invalid_argument when the framing makes no decoder.
  CustomDecoder(const CustomFraming& framing, std::size_t message_size_max);

  /// As the user's decoder answers, except: a frame that breaks the rules of DecodeStep is error::malformed; a need
  /// that is met already is for one byte more; at the end of the stream a need, or an end with bytes left, is `end` or
  /// error::truncated, whichever is true.
  [[nodiscard]] DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint now);

  /// The user's decoder's.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return decoder_->next_deadline(); }

 private:
  std::unique_ptr<FrameDecoder> decoder_;
};

/// Holds a user's framing, and checks the limit on messages before asking it.
class PARLEY_EXPORT CustomEncoder final {
 public:
  /// `message_size_max` is in bytes of body.
  CustomEncoder(std::shared_ptr<const CustomFraming> framing, std::size_t message_size_max);

  /// Errors: message_too_large, and whatever the user's framing answers.
  [[nodiscard]] boost::system::error_code encode(std::span<const std::byte> body, Envelope& out) const;

 private:
  std::shared_ptr<const CustomFraming> framing_;
  std::size_t size_max_;
};

}  // namespace parley::wire
