// The wire of older aiomsg packages (docs/protocols/aiomsg.md section 9): a u32 length in network order, then a payload
// or something that looks like one. It cannot tell some payloads from its own signs; those are refused when sent.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/identity.hpp>
#include <parley/wire/peer_frame.hpp>

#include <cstddef>
#include <span>

namespace parley::wire {

/// Both directions of one connection. The members mean what those of Aiomsg do.
class PARLEY_EXPORT AiomsgLegacy final {
 public:
  /// A frame without its payload, at most.
  static constexpr std::size_t header_size_max = 32;
  /// Of a plain message.
  static constexpr std::size_t data_header_size = 4;
  /// Messages can ask to be acknowledged.
  static constexpr bool has_requests = true;

  /// `message_size_max`: of a payload, in bytes.
  explicit AiomsgLegacy(std::size_t message_size_max) noexcept;

  /// The first frame is the peer's identity: 1 to 256 bytes (see legacy_identity).
  [[nodiscard]] PeerFrameStep decode(std::span<const std::byte> unread, bool greeted) const noexcept;

  /// Not an empty one, which ends the connection at old peers; not the heartbeat's words; nothing that looks like a
  /// request or an acknowledgement.
  [[nodiscard]] static bool can_carry(std::span<const std::byte> payload) noexcept;

  /// What goes before a payload, or all of a frame that has none; returns its size, in bytes.
  std::size_t put_header(std::byte* out, PeerFrameKind kind, std::size_t payload_size,
                         const MessageId& id = {}) const noexcept;
  /// The first frame; returns its size, in bytes.
  std::size_t put_hello(std::byte* out, const Identity& identity) const noexcept;

 private:
  std::size_t size_max_;
};

/// How a peer is known here whose identity has `bytes`: by them if they are 16, else by the beginning of their SHA-1.
[[nodiscard]] PARLEY_EXPORT Identity legacy_identity(std::span<const std::byte> bytes);

}  // namespace parley::wire
