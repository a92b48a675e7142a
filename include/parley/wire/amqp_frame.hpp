// The frames of AMQP 0-9-1 (docs/protocols/amqp.md, section 2): a kind, a channel, a u32 length, a payload, and an
// octet that says that both ends have counted alike. Pure functions of the bytes.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/wire/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::wire {

/// What a frame carries.
enum class AmqpFrameKind : std::uint8_t {
  method = 1,     ///< a method, whole
  header = 2,     ///< how large a content is, and its properties
  body = 3,       ///< a part of a content
  heartbeat = 8,  ///< nothing: the sender is there
};

/// What came of looking at the front of a peer's unread bytes. Which members mean something depends on `outcome`;
/// offsets are from the front.
struct AmqpFrameStep {
  /// Whether there was a frame.
  enum class Outcome : std::uint8_t {
    need,   ///< not enough bytes yet
    frame,  ///< one, and whole
    error,  ///< the peer does not speak as it should
  };

  Outcome outcome = Outcome::need;                ///< which of the three
  AmqpFrameKind kind = AmqpFrameKind::heartbeat;  ///< frame: what it carries
  error code{};                                   ///< error: what is wrong
  std::uint16_t channel = 0;                      ///< frame: whose it is; 0: the connection's
  std::size_t need = 0;            ///< need: the total of bytes before another call can do better; > unread.size()
  std::size_t payload_begin = 0;   ///< frame
  std::size_t payload_size = 0;    ///< frame
  std::size_t consumed = 0;        ///< frame: its bytes, all of them
  std::size_t announced_size = 0;  ///< error message_too_large: how large the frame is, in bytes
  const char* why = "";            ///< error: what the peer did, as in "sent a frame of an unknown kind"
};

/// The codec of frames.
class PARLEY_EXPORT AmqpFrames final {
 public:
  /// What is around a payload, in bytes.
  static constexpr std::size_t header_size = 7;
  static constexpr std::size_t end_size = 1;
  static constexpr std::size_t overhead = header_size + end_size;
  /// The last octet of each frame.
  static constexpr std::byte end{0xCE};
  /// What any peer has to take: no less may be agreed on.
  static constexpr std::size_t frame_size_min = 4096;
  /// What a client says before any frame: the protocol and its version.
  static constexpr std::array<std::byte, 8> protocol_header{std::byte{'A'}, std::byte{'M'}, std::byte{'Q'},
                                                            std::byte{'P'}, std::byte{0},   std::byte{0},
                                                            std::byte{9},   std::byte{1}};

  /// `frame_size_max`: of a whole frame that is decoded, in bytes.
  explicit AmqpFrames(std::size_t frame_size_max) noexcept : frame_size_max_{frame_size_max} {}

  /// The frame at the front. Errors: message_too_large, from the length alone; malformed.
  [[nodiscard]] AmqpFrameStep decode(std::span<const std::byte> unread) const noexcept;

  /// The largest frame that is decoded, in bytes.
  [[nodiscard]] std::size_t frame_size_max() const noexcept { return frame_size_max_; }

  /// Writes what goes before a payload, `header_size` bytes. The size has to fit the length.
  static void put_header(std::byte* out, AmqpFrameKind kind, std::uint16_t channel, std::size_t payload_size) noexcept;

 private:
  std::size_t frame_size_max_;
};

}  // namespace parley::wire
