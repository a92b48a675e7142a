// What an AmqpClient knows of one channel: what is to be said there, in its order, and what is being heard.
#pragma once

#include "wire/amqp_confirms.hpp"
#include "wire/amqp_event.hpp"

#include <parley/message.hpp>
#include <parley/wire/amqp_methods.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace parley::wire {

/// Something to be said on a channel.
struct AmqpCommand {
  AmqpMethodId awaits{};           ///< the answer; without a name: there is none
  AmqpToken token = 0;             ///< of an answer
  std::vector<std::byte> bytes{};  ///< whole frames
  bool has_content = false;        ///< `body` follows them
  Message body{};

  [[nodiscard]] bool has_answer() const noexcept { return awaits.class_id != 0; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes.size() + body.size(); }
};

struct AmqpChannelState {
  /// A content comes in frames: first a method, then a header, then a body unless it is empty.
  enum class Content : std::uint8_t { none, header_due, body_due };

  AmqpChannel id;

  // Said. The front of `commands` has been sent if `is_waiting`, and nothing behind it has.
  std::deque<AmqpCommand> commands{};
  bool is_waiting = false;
  bool is_ending = false;   ///< close_channel() was called; nothing more is said
  bool is_closing = false;  ///< and the broker was told: nothing but its answer is heard
  bool is_paused = false;   ///< the broker wants no messages for now
  AmqpConfirms confirms{};
  bool is_acknowledged = false;  ///< what the broker has said of those that are being told

  // Heard.
  Content content = Content::none;
  AmqpEvent incoming{};  ///< whose content comes
  std::uint64_t body_size = 0;
  std::vector<std::byte> body{};
};

}  // namespace parley::wire
