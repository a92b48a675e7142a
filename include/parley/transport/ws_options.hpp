// How ws:// and wss:// behave.
#pragma once

#include <parley/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

/// How messages of a connection go into messages of WebSocket; both ends must agree.
enum class WsMessages : std::uint8_t {
  /// WebSocket messages are pieces of a byte stream: their boundaries mean nothing, any framing works, and what is
  /// written together goes as one. For peers that use the same framing.
  pieces,
  /// Each message of the connection is one binary WebSocket message, and the other way round. For browsers, and
  /// everybody who knows nothing of framings. The framing has to be the default one, LengthPrefixed{}, which does not
  /// appear on the wire then.
  one_each,
};

/// Setters return the object, so that they chain.
class WsOptions {
 public:
  WsOptions() {}  // NOLINT(modernize-use-equals-default): must not be an aggregate

  /// Default: pieces.
  WsOptions& messages(WsMessages value) { return messages_ = value, *this; }
  /// With one_each: the largest message taken from the peer, in bytes; larger ones end the connection with code 1009
  /// and error::message_too_large, before memory is taken.
  WsOptions& message_size_max(std::size_t value) { return message_size_max_ = value, *this; }

  /// A peer from which nothing has come for so long is sent a ping. When the next interval brings nothing either, the
  /// connection ends with the system's code for a peer that is gone, asio::error::timed_out. Each side may ask the
  /// other, and pings are always answered. Proxies drop connections on which nothing moves, often after a minute.
  /// Default: zero, which is never.
  WsOptions& ping_interval(std::chrono::milliseconds value) { return ping_interval_ = value, *this; }

  /// Servers: whether pages of this origin (`https://example.org`) may connect; any thread. Browsers always say where a
  /// page comes from, others need not, and then it is not called. Without it every origin may, and so every page that a
  /// user of this machine looks at.
  using OriginCheck = std::function<bool(std::string_view origin)>;
  WsOptions& accept_origin(OriginCheck check) { return accept_origin_ = std::move(check), *this; }
  /// Clients: the origin to name; default none.
  WsOptions& origin(std::string value) { return origin_ = std::move(value), *this; }

  /// What has been set.
  [[nodiscard]] WsMessages messages() const noexcept { return messages_; }
  [[nodiscard]] std::size_t message_size_max() const noexcept { return message_size_max_; }
  [[nodiscard]] std::chrono::milliseconds ping_interval() const noexcept { return ping_interval_; }
  [[nodiscard]] const OriginCheck& accept_origin() const noexcept { return accept_origin_; }
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

 private:
  WsMessages messages_ = WsMessages::pieces;
  std::size_t message_size_max_ = limits::message_size_max;
  std::chrono::milliseconds ping_interval_{0};
  OriginCheck accept_origin_;
  std::string origin_;
};

}  // namespace parley
