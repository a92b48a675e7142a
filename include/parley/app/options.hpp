// Settings of servers and clients made of handlers. Sizes are in bytes.
#pragma once

#include <parley/limits.hpp>
#include <parley/policy/backoff.hpp>
#include <parley/wire/framing.hpp>

#include <chrono>
#include <cstddef>

namespace parley::app {

/// Of a server.
struct ServerOptions {
  /// How messages are told apart, for peers whose kind has no framing of its own (Handlers::framing); both ends agree.
  Framing framing{};
  /// Largest message accepted or sent. A peer that announces more is cut off with error::message_too_large.
  std::size_t message_size_max = limits::message_size_max;

  /// `Peer::send` waits while this much is queued for that peer, in bytes on the wire or in messages.
  std::size_t send_high_water_size = limits::send_high_water_size;
  std::size_t send_high_water_count = limits::send_high_water_count;
  /// `Peer::post` and broadcast() queue past the mark, but never past this.
  std::size_t send_hard_limit_size = limits::send_hard_limit_size;
  /// With this much received from a peer and not handled yet, it is not read any more, and so held back.
  std::size_t receive_high_water_size = limits::receive_high_water_size;
  /// How long what is queued for a peer is still written after this side has begun to close it, unless the call says.
  std::chrono::milliseconds linger = limits::linger;

  /// Peers at a time, over all endpoints. Further ones stay in the kernel's backlog, or are closed at once where
  /// several endpoints compete for the last place.
  std::size_t peers_max = limits::peers_max;
  /// A peer of which nothing has come for so long is closed with error::peer_silent; one whose queue has not moved for
  /// so long, with error::peer_too_slow. Time that a handler of the peer takes is not silence. 0: never. (on_idle
  /// tells, and closes nobody.)
  std::chrono::milliseconds idle_time_max{0};

  /// Messages, and their bytes, that wait while a classifier says `not_yet`, and how long it may say so; past any of
  /// these the peer is closed with error::not_classified. The time begins with the first message.
  std::size_t held_count_max = limits::held_count_max;
  std::size_t held_size_max = limits::held_size_max;
  std::chrono::milliseconds classification_time_max = limits::classification_time_max;

  /// Messages of each peer that its history keeps, both directions together, and their bytes, on the wire and in the
  /// program. 0 messages: no history.
  std::size_t history_count_max = 0;
  std::size_t history_size_max = limits::history_size_max;
  /// The largest first message that Peer::first_message() has afterwards.
  std::size_t first_message_size_max = limits::first_message_size_max;

  /// run(): how long a signal lets handlers and connections take to end.
  std::chrono::milliseconds drain_time_max = limits::drain_time_max;
  /// run(): how long each loop looks for work before it sleeps (RunOptions::poll).
  std::chrono::microseconds poll{0};
};

/// Of a client. Where a member has the name of one of ServerOptions, it means the same for the one peer that there is.
struct ClientOptions {
  /// How messages are told apart; the server has to do the same.
  Framing framing{};
  /// Largest message accepted or sent.
  std::size_t message_size_max = limits::message_size_max;

  /// When `send` waits.
  std::size_t send_high_water_size = limits::send_high_water_size;
  std::size_t send_high_water_count = limits::send_high_water_count;
  /// What `post` never queues past.
  std::size_t send_hard_limit_size = limits::send_hard_limit_size;
  /// When the server is held back.
  std::size_t receive_high_water_size = limits::receive_high_water_size;
  /// How long what is queued is still written after closing has begun.
  std::chrono::milliseconds linger = limits::linger;

  /// Whether it dials again when the connection is lost or cannot be made, until disconnect() or stop().
  bool reconnects = false;
  /// How long to wait before that, each time.
  Backoff backoff = ExponentialBackoff{};
  /// How long one attempt to connect may take, look-up and handshakes included.
  std::chrono::milliseconds attempt_time_max = limits::attempt_time_max;

  /// A silent server is closed, and dialled again if `reconnects`.
  std::chrono::milliseconds idle_time_max{0};

  /// Bounds on classification.
  std::size_t held_count_max = limits::held_count_max;
  std::size_t held_size_max = limits::held_size_max;
  std::chrono::milliseconds classification_time_max = limits::classification_time_max;

  /// Of the history of one connection; 0 messages: none.
  std::size_t history_count_max = 0;
  std::size_t history_size_max = limits::history_size_max;
  /// What first_message() keeps.
  std::size_t first_message_size_max = limits::first_message_size_max;

  /// run(): what a signal lets handlers take.
  std::chrono::milliseconds drain_time_max = limits::drain_time_max;
  /// run(): as RunOptions::poll.
  std::chrono::microseconds poll{0};
};

}  // namespace parley::app
