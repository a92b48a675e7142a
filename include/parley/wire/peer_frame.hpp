// What sockets say to each other, whatever the bytes: greetings, heartbeats, messages, acknowledgements.
#pragma once

#include <parley/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace parley::wire {

/// Names one message that wants to be acknowledged.
using MessageId = std::array<std::byte, 16>;

/// What a frame says.
enum class PeerFrameKind : std::uint8_t {
  hello,            ///< who the peer is; first of all
  heartbeat,        ///< that it is alive
  data,             ///< a message
  request,          ///< a message that wants to be acknowledged
  acknowledgement,  ///< that the message with this id has arrived
  other,            ///< nothing that this side knows; to be passed over
};

/// What came of looking at the front of a peer's unread bytes. Which members mean something depends on `outcome`.
/// Offsets are from the front.
struct PeerFrameStep {
  /// Whether there was a frame.
  enum class Outcome : std::uint8_t {
    need,   ///< not enough bytes yet
    frame,  ///< one, and whole
    error,  ///< the peer does not speak as it should
  };

  Outcome outcome = Outcome::need;            ///< which of the three
  PeerFrameKind kind = PeerFrameKind::other;  ///< frame: what it says
  error code{};                               ///< error: what is wrong
  std::size_t need = 0;      ///< need: the total of bytes before another call can do better; always > unread.size()
  std::size_t begin = 0;     ///< frame: offset of the payload; hello: of the identity
  std::size_t size = 0;      ///< frame: of that, in bytes; error message_too_large: the size announced
  std::size_t consumed = 0;  ///< frame: its bytes, all of them
  std::size_t id_at = 0;     ///< request, acknowledgement: offset of the id
  const char* why = "";      ///< error: what the peer did, as in "the peer began with …"

  /// Answers of each kind.
  static constexpr PeerFrameStep needs(std::size_t total) noexcept { return {.need = total}; }
  static constexpr PeerFrameStep frame(PeerFrameKind kind, std::size_t begin, std::size_t consumed,
                                       std::size_t id_at = 0) noexcept {
    return {.outcome = Outcome::frame,
            .kind = kind,
            .begin = begin,
            .size = consumed - begin,
            .consumed = consumed,
            .id_at = id_at};
  }
  static constexpr PeerFrameStep fail(error code, const char* why, std::size_t size = 0) noexcept {
    return {.outcome = Outcome::error, .code = code, .size = size, .why = why};
  }
};

/// The id of a request or an acknowledgement; `at`: where it begins.
[[nodiscard]] inline MessageId load_id(const std::byte* at) noexcept {
  MessageId id;
  std::memcpy(id.data(), at, id.size());
  return id;
}

}  // namespace parley::wire
