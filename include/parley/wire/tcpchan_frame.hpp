// Messages of TCPChan (docs/protocols/tcpchan.md, 1): a version, an operation, a number; and for payload its length, in
// sixteen bits, and the payload. Most significant bytes first.
#pragma once

#include <parley/wire/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace parley::wire {

/// What a message is.
enum class TcpChanOp : std::uint8_t {
  handshake_request = 1,  ///< `number` is the magic
  handshake_reply = 2,    ///< `number` is the magic
  create = 3,             ///< opens the channel `number`
  close = 4,              ///< ends it, in both directions
  payload = 5,            ///< `length` bytes of it follow
};

/// A message without its payload.
struct TcpChanFrame {
  static constexpr std::size_t short_size = 6;         ///< of all but payload, in bytes
  static constexpr std::size_t payload_size = 8;       ///< before a payload, in bytes
  static constexpr std::uint32_t length_max = 0xffff;  ///< of a payload, in bytes

  std::uint8_t version = 0;           ///< 0 is the only one
  TcpChanOp op = TcpChanOp::payload;  ///< from a peer it may be none of those
  std::uint32_t number = 0;           ///< magic or channel
  std::uint16_t length = 0;           ///< payload: how many bytes follow

  /// The same message.
  friend constexpr bool operator==(const TcpChanFrame&, const TcpChanFrame&) noexcept = default;

  /// How long a message of this operation is without its payload.
  [[nodiscard]] static constexpr std::size_t size_of(TcpChanOp op) noexcept {
    return op == TcpChanOp::payload ? payload_size : short_size;
  }

  /// What the bytes say; as many as size_of() says are there.
  [[nodiscard]] static constexpr TcpChanFrame decode(const std::byte* from) noexcept {
    TcpChanFrame frame{std::to_integer<std::uint8_t>(from[0]), static_cast<TcpChanOp>(from[1]),
                       load_big<std::uint32_t>(from + 2), 0};
    if (frame.op == TcpChanOp::payload) frame.length = load_big<std::uint16_t>(from + short_size);
    return frame;
  }

  /// Writes size_of(op) bytes; returns how many.
  constexpr std::size_t encode(std::byte* to) const noexcept {
    to[0] = static_cast<std::byte>(version);
    to[1] = static_cast<std::byte>(op);
    store_big(to + 2, number);
    if (op == TcpChanOp::payload) store_big(to + short_size, length);
    return size_of(op);
  }
};

}  // namespace parley::wire
