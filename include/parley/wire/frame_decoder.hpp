// What a framing's decoder is: a pure object that finds the next message in bytes it does not own.
//
// The caller keeps the bytes. Each call shows the decoder everything not yet consumed, starting at the same byte until
// a frame is consumed, and the decoder answers with one DecodeStep. It remembers how far it has looked, so that the
// work is linear in the bytes whatever the chunks; `unread` must therefore only ever grow between two calls that
// answered `need`, and starts at the first byte behind the frame after one that answered `frame`.
//
//   for (;;) {
//     DecodeStep step = decoder.decode(unread, eof, now);
//     need:  read until at least step.need bytes are unread (never answered when eof is true)
//     frame: the body is unread[step.begin, step.begin + step.size); then drop step.consumed bytes and go on
//     end:   eof, and the stream stopped between two messages
//     error: step.code, found at unread[step.offset]; the decoder stays failed
//   }
#pragma once

#include <parley/error.hpp>
#include <parley/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::wire {

/// What a decoder answers. Which members mean something depends on `kind`.
struct DecodeStep {
  /// What came of looking at the unread bytes.
  enum class Kind : std::uint8_t {
    need,   ///< Not enough bytes yet; `need` says how many there must be, counted from the start of `unread`.
    frame,  ///< One message.
    end,    ///< The stream ended cleanly.
    error,  ///< The stream cannot be understood any further.
  };

  Kind kind = Kind::need;    ///< which of the four
  error code{};              ///< error: what is wrong
  std::size_t need = 0;      ///< need: the total of bytes before another call can do better; always > unread.size()
  std::size_t begin = 0;     ///< frame: offset of the body
  std::size_t size = 0;      ///< frame: size of the body; error message_too_large: the size announced or reached
  std::size_t consumed = 0;  ///< frame: bytes of the whole frame, header and trailer included
  std::size_t offset = 0;    ///< error: offset of the byte at fault

  /// Answers of each kind.
  static constexpr DecodeStep needs(std::size_t total) noexcept { return {.kind = Kind::need, .need = total}; }
  static constexpr DecodeStep frame(std::size_t begin, std::size_t size, std::size_t consumed) noexcept {
    return {.kind = Kind::frame, .begin = begin, .size = size, .consumed = consumed};
  }
  static constexpr DecodeStep end() noexcept { return {.kind = Kind::end}; }
  static constexpr DecodeStep fail(error code, std::size_t offset, std::size_t size = 0) noexcept {
    return {.kind = Kind::error, .code = code, .size = size, .offset = offset};
  }
  /// There are `unread_size` bytes, and the frame is not complete before there are `total`: more is needed, or, at the
  /// end of the stream, it ended inside a frame, or between two.
  static constexpr DecodeStep incomplete(std::size_t unread_size, bool eof, std::size_t total) noexcept {
    if (!eof) return needs(total);
    return unread_size == 0 ? end() : fail(error::truncated, unread_size);
  }
};

/// A decoder a user may write. `now` is given so that a framing may depend on time; `next_deadline` names the moment at
/// which `decode` must be called again though no byte has come.
class FrameDecoder {
 public:
  FrameDecoder() = default;
  FrameDecoder(const FrameDecoder&) = delete;
  FrameDecoder& operator=(const FrameDecoder&) = delete;
  virtual ~FrameDecoder() = default;

  /// Looks at everything that has not been consumed, and answers as the top of this header says. `eof`: nothing more
  /// will come.
  [[nodiscard]] virtual DecodeStep decode(std::span<const std::byte> unread, bool eof, TimePoint now) = 0;
  /// When to call decode again at the latest; asked for after each decode.
  [[nodiscard]] virtual std::optional<TimePoint> next_deadline() const { return std::nullopt; }
};

}  // namespace parley::wire
