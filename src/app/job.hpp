// Job: the handlers of one event of a peer, and how far they have come. Lives where the peer is at work: on the stack
// of a function, or in the frame of the coroutine that goes on from there.
#pragma once

#include "app/table.hpp"

#include <parley/app/cause.hpp>
#include <parley/app/handler.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace parley::app::detail {

/// A coroutine at work for a peer.
struct Running {
  boost::asio::any_io_executor strand;
  boost::asio::cancellation_signal stop;  // to be emitted there
};

struct Job {
  // One of the two has handlers; the first `next` have been begun.
  std::span<const MessageHandler> of_message{};
  std::span<const EventHandler> of_event{};
  std::size_t next = 0;

  Message message{};
  Cause cause{};
  const char* event = "";  // for sentences
  bool is_error = false;   // what on_error throws is told to nobody but the log

  /// What a handler has returned, and has to be sent before the next is begun.
  Message reply{};
  bool has_reply = false;

  /// Where a coroutine is at work.
  std::shared_ptr<Running> running{};

  // Since others of the loop had their turn.
  unsigned message_count = 0;
  TimePoint turn_began{};
  bool is_turn_over = false;
  bool has_heard = false;  // a message came, and has been handled by now

  [[nodiscard]] bool is_over() const noexcept { return next >= of_message.size() + of_event.size() && !has_reply; }
  /// The next handler, where that is a coroutine for a message and returns no reply: the usual thing to be awaited.
  [[nodiscard]] const MessageHandler::Later* next_later() const noexcept {
    if (next >= of_message.size() || has_reply) return nullptr;
    const MessageHandler::Later& later = of_message[next].later;
    return later ? &later : nullptr;
  }
  void begin(std::span<const MessageHandler> handlers) noexcept {
    of_message = handlers;
    of_event = {};
    next = 0;
    is_error = false;
  }
  void begin(std::span<const EventHandler> handlers, const char* name) noexcept {
    of_message = {};
    of_event = handlers;
    next = 0;
    event = name;
    is_error = false;
  }
};

}  // namespace parley::app::detail
