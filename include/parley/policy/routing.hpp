// To whom a socket sends, what it promises, and what it does when a queue is full.
#pragma once

#include <cstdint>

namespace parley {

/// To whom `send` sends.
enum class SendMode : std::uint8_t {
  round_robin,  ///< each message to one peer: the next that has room
  publish,      ///< each message to every peer there is
};

/// What is promised about a message that has been sent.
enum class Delivery : std::uint8_t {
  at_most_once,   ///< it arrives, or it was lost with a connection; never twice
  at_least_once,  ///< it is sent again until it is acknowledged, or given up with an event
};

/// What `send` does when a queue is at its high-water mark.
enum class Overflow : std::uint8_t {
  automatic,             ///< wait for round-robin and by identity, drop_newest for publish
  wait,                  ///< until there is room; for publish, in every peer's queue
  fail,                  ///< error::full; nothing has been sent, to anybody
  drop_oldest,           ///< what has waited longest makes room
  drop_newest,           ///< this message is not sent to the peer whose queue is full
  disconnect_slow_peer,  ///< the peer whose queue is full is cut off, and the message sent to the others
};

/// When a message that asks for it is acknowledged.
enum class Acknowledge : std::uint8_t {
  on_receipt,      ///< when it has been received by this process
  by_application,  ///< when the program calls Received::acknowledge()
};

}  // namespace parley
