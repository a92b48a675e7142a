// Received: a message that a Socket has been sent, and by whom.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/wire/peer_frame.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

namespace detail {
class SocketState;
class SocketAccess;
}  // namespace detail

/// Movable and copyable like the message in it. Any thread, but one at a time.
struct PARLEY_EXPORT Received {
  Message message;
  Identity sender;

  /// The message's, in one word.
  [[nodiscard]] std::string text() const { return message.text(); }
  [[nodiscard]] std::string_view view() const noexcept { return message.view(); }

  /// The program is done with the message: its sender need not send it again. Only where the socket was told
  /// Acknowledge::by_application and the sender wants to know; otherwise it has been seen to, and nothing happens.
  /// A sender that is not connected now hears of it when it sends the message again.
  void acknowledge() const;

 private:
  friend class detail::SocketAccess;
  wire::MessageId id_{};
  std::shared_ptr<detail::SocketState> socket_;  // only where there is something to acknowledge
};

}  // namespace parley
