// The bytes a codec is given to decode: a view of a Message, of a string, or of any bytes.
#pragma once

#include <parley/message.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace parley {

/// A parameter type: it owns nothing, and what it was made from must outlive the call. Made from a Message it remembers
/// it, so that decoded byte strings can share its memory.
class Payload {
 public:
  /// Of a Message, whose memory decoded byte strings can share; of bytes; of text.
  Payload(const Message& message) noexcept  // NOLINT(google-explicit-constructor)
      : bytes_{message.bytes()}, message_{&message} {}
  Payload(std::span<const std::byte> bytes) noexcept : bytes_{bytes} {}  // NOLINT(google-explicit-constructor)
  Payload(std::string_view text) noexcept                                // NOLINT(google-explicit-constructor)
      : bytes_{std::as_bytes(std::span{text})} {}
  Payload(const std::string& text) noexcept : Payload{std::string_view{text}} {}  // NOLINT(google-explicit-constructor)
  Payload(const char* text) noexcept : Payload{std::string_view{text}} {}         // NOLINT(google-explicit-constructor)

  /// All of it, as bytes and as characters of no particular encoding.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  /// `part`, which lies in bytes(), as a Message: a slice where there is a Message to slice, a copy otherwise.
  [[nodiscard]] Message share(std::span<const std::byte> part) const {
    if (message_ == nullptr) return Message{part};
    return message_->slice(static_cast<std::size_t>(part.data() - bytes_.data()), part.size());
  }

 private:
  std::span<const std::byte> bytes_;
  const Message* message_ = nullptr;
};

}  // namespace parley
