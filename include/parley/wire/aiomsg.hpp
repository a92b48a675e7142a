// The aiomsg protocol, version 1 (docs/protocols/aiomsg.md): frames of a u32 length in network order, a type, a body.
//
// Pure functions of the bytes: what a peer may say when is for their user to know (policy/socket_core.hpp).
#pragma once

#include <parley/detail/export.hpp>
#include <parley/identity.hpp>
#include <parley/wire/bytes.hpp>
#include <parley/wire/peer_frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::wire {

/// Both directions of one connection.
class PARLEY_EXPORT Aiomsg final {
 public:
  /// A frame without its payload, at most; also the size of a greeting, rounded up.
  static constexpr std::size_t header_size_max = 24;
  /// Of a plain message.
  static constexpr std::size_t data_header_size = 5;
  /// Messages can ask to be acknowledged.
  static constexpr bool has_requests = true;

  /// `message_size_max`: of a payload, in bytes.
  explicit Aiomsg(std::size_t message_size_max) noexcept;

  /// The frame at the front. `greeted`: the peer's HELLO has been seen. Before that anything else is an error, and
  /// nothing longer is waited for.
  /// Errors: message_too_large, from length and type alone; malformed; handshake_failed for another version.
  [[nodiscard]] PeerFrameStep decode(std::span<const std::byte> unread, bool greeted) const noexcept {
    if (unread.size() < data_header_size || unread[length_size] != data_type || !greeted) [[unlikely]]
      return decode_any(unread, greeted);
    const std::size_t length = load_big<std::uint32_t>(unread.data());
    // A length of 0 wraps around here: it has no type, and what looked like one belongs to the next frame.
    if (length - 1 > size_max_) [[unlikely]]
      return decode_any(unread, greeted);
    const std::size_t total = length_size + length;
    if (unread.size() < total) return PeerFrameStep::needs(total);
    return PeerFrameStep::frame(PeerFrameKind::data, data_header_size, total);
  }

  /// No whole plain message.
  static constexpr std::size_t npos = ~std::size_t{0};

  /// The size of the payload, where a whole plain message is at the front of what a peer that has greeted sent; else
  /// npos, and decode() knows more. Twice as fast.
  [[nodiscard]] std::size_t data_size(std::span<const std::byte> unread) const noexcept {
    if (unread.size() < data_header_size || unread[length_size] != data_type) return npos;
    const std::size_t payload_size = std::size_t{load_big<std::uint32_t>(unread.data())} - 1;  // of 0: see decode()
    return payload_size <= size_max_ && payload_size <= unread.size() - data_header_size ? payload_size : npos;
  }

  /// Whether the wire can carry such a payload, and it will be understood as one.
  [[nodiscard]] static constexpr bool can_carry(std::span<const std::byte> /*payload*/) noexcept { return true; }

  /// Writes what goes before a payload of `payload_size` bytes, or all of a frame that has none; returns how much that
  /// is. `out` has header_size_max bytes. `id` is for requests and acknowledgements.
  std::size_t put_header(std::byte* out, PeerFrameKind kind, std::size_t payload_size,
                         const MessageId& id = {}) const noexcept {
    if (kind != PeerFrameKind::data) [[unlikely]]
      return put_other_header(out, kind, payload_size, id);
    store_big(out, static_cast<std::uint32_t>(payload_size + 1));
    out[length_size] = data_type;
    return data_header_size;
  }

  /// The payload of a HELLO.
  [[nodiscard]] static Identity identity_of(std::span<const std::byte> payload) noexcept {
    Identity::Bytes bytes{};
    std::copy_n(payload.begin(), bytes.size(), bytes.begin());
    return Identity{bytes};
  }

  /// Writes this side's first frame; returns its size. `out` has header_size_max bytes.
  std::size_t put_hello(std::byte* out, const Identity& identity) const noexcept;

 private:
  static constexpr std::size_t length_size = 4;
  static_assert(data_header_size == length_size + 1);
  static constexpr std::byte data_type{3};

  [[nodiscard]] PeerFrameStep decode_any(std::span<const std::byte> unread, bool greeted) const noexcept;
  static std::size_t put_other_header(std::byte* out, PeerFrameKind kind, std::size_t payload_size,
                                      const MessageId& id) noexcept;

  std::size_t size_max_;
};

}  // namespace parley::wire
