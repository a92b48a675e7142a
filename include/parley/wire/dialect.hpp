// Which protocol a Socket speaks with a peer, and one object that speaks any of them.
#pragma once

#include <parley/wire/aiomsg.hpp>
#include <parley/wire/aiomsg_legacy.hpp>
#include <parley/wire/peer_frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

namespace parley {

/// The protocols that sockets speak. Both ends have to be told the same.
enum class Dialect : std::uint8_t {
  aiomsg,         ///< aiomsg version 1
  aiomsg_legacy,  ///< what aiomsg's predecessors speak; not over WebSocket
};

}  // namespace parley

namespace parley::wire {

/// Both directions of one connection, in the dialect it was made for. The members mean what those of Aiomsg do.
class AnyDialect {
 public:
  /// The dialects, in the order of Dialect.
  using Concrete = std::variant<Aiomsg, AiomsgLegacy>;

 private:
  static Concrete make(Dialect dialect, std::size_t message_size_max) noexcept {
    if (dialect == Dialect::aiomsg_legacy) return AiomsgLegacy{message_size_max};
    return Aiomsg{message_size_max};
  }

  template <class F>
  decltype(auto) visit(F&& f) const noexcept {
    if (const auto* usual = std::get_if<Aiomsg>(&concrete_)) [[likely]]
      return std::forward<F>(f)(*usual);
    return std::forward<F>(f)(*std::get_if<AiomsgLegacy>(&concrete_));
  }

 public:
  /// What put_header and put_hello may write, in any dialect.
  static constexpr std::size_t header_size_max = std::max(Aiomsg::header_size_max, AiomsgLegacy::header_size_max);

  /// `message_size_max`: of a payload, in bytes.
  AnyDialect(Dialect dialect, std::size_t message_size_max) noexcept : concrete_{make(dialect, message_size_max)} {}

  /// Which one it is.
  [[nodiscard]] Dialect which() const noexcept { return static_cast<Dialect>(concrete_.index()); }

  /// As Aiomsg's.
  [[nodiscard]] PeerFrameStep decode(std::span<const std::byte> unread, bool greeted) const noexcept {
    return visit([&](const auto& concrete) { return concrete.decode(unread, greeted); });
  }
  /// As Aiomsg's; npos in other dialects.
  static constexpr std::size_t npos = Aiomsg::npos;
  [[nodiscard]] std::size_t data_size(std::span<const std::byte> unread) const noexcept {
    const auto* usual = std::get_if<Aiomsg>(&concrete_);
    return usual != nullptr ? usual->data_size(unread) : npos;
  }
  /// What goes before a plain message.
  [[nodiscard]] std::size_t data_header_size() const noexcept {
    return visit([](const auto& concrete) { return std::remove_cvref_t<decltype(concrete)>::data_header_size; });
  }
  [[nodiscard]] bool can_carry(std::span<const std::byte> payload) const noexcept {
    return visit([&](const auto& concrete) { return concrete.can_carry(payload); });
  }
  std::size_t put_header(std::byte* out, PeerFrameKind kind, std::size_t payload_size,
                         const MessageId& id = {}) const noexcept {
    return visit([&](const auto& concrete) { return concrete.put_header(out, kind, payload_size, id); });
  }
  std::size_t put_hello(std::byte* out, const Identity& identity) const noexcept {
    return visit([&](const auto& concrete) { return concrete.put_hello(out, identity); });
  }
  /// Who a greeting says that the peer is; `bytes` is its payload.
  [[nodiscard]] Identity identity_of(std::span<const std::byte> bytes) const {
    return which() == Dialect::aiomsg_legacy ? legacy_identity(bytes) : Aiomsg::identity_of(bytes);
  }

 private:
  Concrete concrete_;
};

}  // namespace parley::wire
