// How a connection frames and queues messages.
#pragma once

#include <parley/limits.hpp>
#include <parley/wire/framing.hpp>

#include <chrono>
#include <cstddef>

namespace parley {

/// Settings of one connection, or of all that a listener accepts. Sizes are in bytes.
struct ConnectionOptions {
  /// How messages are told apart; both ends must agree. Over udp the default, which is not on the wire there.
  Framing framing{};

  /// Largest body accepted or sent, in bytes. A peer that announces more is cut off with error::message_too_large
  /// before memory is taken.
  std::size_t message_size_max = limits::message_size_max;

  /// `send` waits while the outgoing queue holds this much, in bytes on the wire or in messages, and goes on when it
  /// has fallen below half. A single message larger than the mark is taken when the queue is below it.
  std::size_t send_high_water_size = limits::send_high_water_size;
  std::size_t send_high_water_count = limits::send_high_water_count;

  /// `post` queues past the mark, but never past this many bytes.
  std::size_t send_hard_limit_size = limits::send_hard_limit_size;

  /// With this many received bytes waiting for a `receive`, the stream is not read any more, and so the peer is held
  /// back; at least 1. In-process connections count the bodies waiting, and hold the peer's `send` back at the lower of
  /// this and its own marks. Over udp nobody can be held back: datagrams beyond it are dropped and counted, and each
  /// counts 72 bytes more than it has.
  std::size_t receive_high_water_size = limits::receive_high_water_size;

  /// The most one read asks for, in bytes; at least 16 KiB.
  std::size_t read_size = limits::read_size;

  /// How long queued bytes are still written after the last handle has gone.
  std::chrono::milliseconds linger = limits::linger;
};

}  // namespace parley
