// WebSocket on the wire (RFC 6455, version 13, no extensions): frame headers, masking, and the handshake's key.
//
// A frame is a header of 2 to 14 bytes and its payload; those of a client are masked by XOR with four bytes in the
// header. A message is a data frame and its continuations, up to the one that is final; control frames (close, ping,
// pong) may stand between them.
#pragma once

#include <parley/detail/export.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::wire {

/// What a frame is (section 5.2).
enum class WsOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// Whether a frame may stand between those of a message, and is never cut into several.
[[nodiscard]] constexpr bool is_control(WsOpcode opcode) noexcept { return static_cast<unsigned>(opcode) >= 8; }

/// What a close frame may say (section 7.4.1).
enum class WsClose : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  not_utf8 = 1007,
  too_big = 1009,
};

/// Whether a close frame may have this code (section 7.4): some are only for talking about, most have no meaning.
[[nodiscard]] PARLEY_EXPORT bool may_close_with(unsigned code) noexcept;

/// What the payload of a client's frame is XORed with.
using WsMask = std::array<std::byte, 4>;

/// What a frame's header says.
struct WsFrame {
  /// Of a header, in bytes.
  static constexpr std::size_t header_size_max = 14;
  /// Of the payload of a control frame, in bytes (section 5.5).
  static constexpr std::size_t control_size_max = 125;

  bool is_final = true;                ///< the last frame of its message
  WsOpcode opcode = WsOpcode::binary;  ///< continuation for all but the first frame of a message
  bool is_masked = false;              ///< a client's have to be, a server's must not be
  std::uint64_t size = 0;              ///< of the payload, in bytes
  WsMask mask{};                       ///< zero unless masked
};

/// What came of looking at the front of the unread bytes.
struct WsHeaderStep {
  /// Whether there was a whole header, and a good one.
  enum class Kind : std::uint8_t {
    need,   ///< more bytes
    frame,  ///< a header of `consumed` bytes
    error,  ///< `reason` is a sentence for people; nothing behind it can be understood
  };
  Kind kind = Kind::need;    ///< which of the three
  WsFrame frame{};           ///< frame: what the header says
  std::size_t consumed = 0;  ///< frame: its size in bytes; the payload follows
  const char* reason = "";   ///< error: a sentence, never freed
};

/// Checks all that a header shows by itself: reserved bits, opcodes, the shortest form of the size, control frames.
[[nodiscard]] PARLEY_EXPORT WsHeaderStep decode_ws_header(std::span<const std::byte> unread) noexcept;

/// Returns the size of the header written to `out`.
PARLEY_EXPORT std::size_t encode_ws_header(const WsFrame& frame,
                                           std::span<std::byte, WsFrame::header_size_max> out) noexcept;

/// Masks or unmasks `size` bytes of a payload, the first of which is at `position` in it. `out` may be `in`.
PARLEY_EXPORT void apply_ws_mask(std::byte* out, const std::byte* in, std::size_t size, const WsMask& mask,
                                 std::uint64_t position) noexcept;

/// What a server answers to the key of a client's handshake (section 4.2.2).
[[nodiscard]] PARLEY_EXPORT std::string ws_accept_key(std::string_view client_key);

/// Base64 with padding (RFC 4648, 4).
[[nodiscard]] PARLEY_EXPORT std::string base64(std::span<const std::byte> bytes);

}  // namespace parley::wire
