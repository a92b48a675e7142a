// The frames of communica's stream protocol (docs/protocols/communica.md, section 2): a u32 length in network order, a
// code, a body. Pure functions of the bytes; what a peer may say when is for wire/communica.hpp to know.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/error.hpp>
#include <parley/wire/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::wire {

/// What a frame is.
enum class CommunicaCode : std::uint8_t {
  message = 10,       ///< metadata and data, whole
  chunk = 11,         ///< a part of such
  close_notice = 20,  ///< nothing follows
};

/// What came of looking at the front of a peer's unread bytes. Which members mean something depends on `outcome`;
/// offsets are from the front.
struct CommunicaStep {
  /// Whether there was a frame.
  enum class Outcome : std::uint8_t {
    need,   ///< not enough bytes yet
    frame,  ///< one, and whole
    error,  ///< the peer does not speak as it should
  };

  Outcome outcome = Outcome::need;                    ///< which of the three
  CommunicaCode frame = CommunicaCode::close_notice;  ///< frame: what it is
  error code{};                                       ///< error: what is wrong
  std::size_t need = 0;            ///< need: the total of bytes before another call can do better; > unread.size()
  std::size_t metadata_begin = 0;  ///< message, chunk
  std::size_t metadata_size = 0;   ///< message, chunk: 0 for any but the first
  std::size_t data_begin = 0;      ///< message, chunk; it goes on to the end of the frame
  std::size_t consumed = 0;        ///< frame: its bytes, all of them
  std::uint32_t chunk_index = 0;   ///< chunk: counted from 0
  std::uint32_t chunk_count = 0;   ///< chunk: of the message
  std::size_t announced_size = 0;  ///< error message_too_large: what the peer wants to send, in bytes
  std::size_t size_max = 0;        ///< error message_too_large: what it may be at most
  const char* why = "";            ///< error: what the peer did, as in "sent an empty frame"
};

/// What limits a peer's frames, in bytes.
struct CommunicaLimits {
  std::size_t metadata_size_max = 64 * 1024;     ///< of a message's metadata
  std::size_t data_size_max = 64 * 1024 * 1024;  ///< of a message's data
};

/// The codec of frames.
class PARLEY_EXPORT CommunicaFrames final {
 public:
  /// `limits`: of what is decoded.
  explicit CommunicaFrames(const CommunicaLimits& limits) noexcept : limits_{limits} {}

  /// The frame at the front, of either direction, after the handshake.
  /// Errors: message_too_large, from lengths alone; malformed.
  [[nodiscard]] CommunicaStep decode(std::span<const std::byte> unread) const noexcept;

  /// What goes before metadata and data, and the whole of a close notice, in bytes.
  static constexpr std::size_t message_header_size = 9;
  static constexpr std::size_t chunk_header_size = 17;
  static constexpr std::size_t close_notice_size = 5;
  /// A body up to this size goes in one frame, a larger one in chunks of it, so that what is urgent can be sent before
  /// the rest has been. (Chunks of one message follow each other, so that is for messages in the other direction, and
  /// for those who write in turns.)
  static constexpr std::size_t chunk_size = 1024 * 1024;

  /// Write what goes before metadata and data; return how much that is. The sizes have to fit the length.
  static std::size_t put_message_header(std::byte* out, std::size_t metadata_size, std::size_t data_size) noexcept;
  static std::size_t put_chunk_header(std::byte* out, std::uint32_t index, std::uint32_t count,
                                      std::size_t metadata_size, std::size_t data_size) noexcept;
  /// A whole frame.
  static std::size_t put_close_notice(std::byte* out) noexcept;

 private:
  CommunicaLimits limits_;
};

}  // namespace parley::wire
