// Received: a message that a Socket has been sent, and by whom.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace parley {

namespace detail {

class SocketAccess;
class Unacknowledged;

PARLEY_EXPORT void share(const Unacknowledged& message) noexcept;
PARLEY_EXPORT void release(const Unacknowledged& message) noexcept;

/// Shares what acknowledging takes, where there is anything to acknowledge: hardly ever. (A std::shared_ptr would cost
/// every message.)
class UnacknowledgedRef {
 public:
  UnacknowledgedRef() noexcept = default;
  /// Takes over one reference.
  explicit UnacknowledgedRef(const Unacknowledged* message) noexcept : message_{message} {}
  UnacknowledgedRef(const UnacknowledgedRef& other) noexcept : message_{other.message_} {
    if (message_ != nullptr) [[unlikely]]
      share(*message_);
  }
  UnacknowledgedRef(UnacknowledgedRef&& other) noexcept : message_{std::exchange(other.message_, nullptr)} {}
  UnacknowledgedRef& operator=(UnacknowledgedRef other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~UnacknowledgedRef() {
    if (message_ != nullptr) [[unlikely]]
      release(*message_);
  }
  /// Null when there is nothing.
  [[nodiscard]] const Unacknowledged* get() const noexcept { return message_; }

 private:
  const Unacknowledged* message_ = nullptr;
};

}  // namespace detail

/// Movable and copyable like the message in it. Any thread, but one at a time.
struct Received {
  /// What was sent. (Aligned, as a small body is moved by 16 bytes at a time, and a move across two cache lines that is
  /// read back at once costs 10 ns.)
  alignas(16) Message message;
  /// Whose it is: send_to() answers it.
  Identity sender;

  /// The message's, in one word.
  [[nodiscard]] std::string text() const { return message.text(); }
  [[nodiscard]] std::string_view view() const noexcept { return message.view(); }

  /// The program is done with the message: its sender need not send it again. Only where the socket was told
  /// Acknowledge::by_application and the sender wants to know; otherwise it has been seen to, and nothing happens.
  /// A sender that is not connected now hears of it when it sends the message again.
  PARLEY_EXPORT void acknowledge() const;
  /// The opposite, where acknowledge() would do something: the program could not handle the message. Its sender sends
  /// it again, to another socket or to this one, which then takes it for a new one.
  PARLEY_EXPORT void decline() const;

 private:
  friend class detail::SocketAccess;
  detail::UnacknowledgedRef unacknowledged_;  // only where the application is to acknowledge
};

}  // namespace parley
