// Frames of yamux (docs/protocols/yamux.md, 1): a header of twelve bytes, most significant byte first, and for data
// its payload.
#pragma once

#include <parley/wire/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::wire {

/// What a frame is, and so what its length means.
enum class YamuxType : std::uint8_t {
  data = 0,           ///< bytes that follow
  window_update = 1,  ///< how much more may be sent
  ping = 2,           ///< any value
  go_away = 3,        ///< a YamuxGoAway
};

/// Flags, which may stand together.
struct YamuxFlags {
  static constexpr std::uint16_t syn = 1;  ///< opens the channel; of a ping: asks
  static constexpr std::uint16_t ack = 2;  ///< accepts the channel; of a ping: answers
  static constexpr std::uint16_t fin = 4;  ///< the sender will send nothing more on it
  static constexpr std::uint16_t rst = 8;  ///< the channel is over, in both directions
};

/// Why a side goes away.
enum class YamuxGoAway : std::uint32_t {
  normal = 0,          ///< it takes no new channels
  protocol_error = 1,  ///< the other side has broken the protocol
  internal_error = 2,  ///< it has failed itself
};

/// A frame without its payload.
struct YamuxFrame {
  /// Of every header, in bytes.
  static constexpr std::size_t header_size = 12;

  std::uint8_t version = 0;          ///< 0 is the only one
  YamuxType type = YamuxType::data;  ///< from a peer it may be none of those
  std::uint16_t flags = 0;           ///< of YamuxFlags; others have no meaning
  std::uint32_t id = 0;              ///< the channel; 0 for ping and go away
  std::uint32_t length = 0;          ///< by type

  /// Whether a flag is set.
  [[nodiscard]] constexpr bool has(std::uint16_t flag) const noexcept { return (flags & flag) != 0; }
  /// The same frame.
  friend constexpr bool operator==(const YamuxFrame&, const YamuxFrame&) noexcept = default;

  /// What twelve bytes say. Every twelve say something; whether it is allowed is for the session to know.
  [[nodiscard]] static constexpr YamuxFrame decode(const std::byte* from) noexcept {
    return {std::to_integer<std::uint8_t>(from[0]), static_cast<YamuxType>(from[1]), load_big<std::uint16_t>(from + 2),
            load_big<std::uint32_t>(from + 4), load_big<std::uint32_t>(from + 8)};
  }

  /// Writes twelve bytes.
  constexpr void encode(std::byte* to) const noexcept {
    to[0] = static_cast<std::byte>(version);
    to[1] = static_cast<std::byte>(type);
    store_big(to + 2, flags);
    store_big(to + 4, id);
    store_big(to + 8, length);
  }
};

}  // namespace parley::wire
