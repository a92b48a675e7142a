// What governs a Socket, but for how it reaches its peers.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>
#include <parley/identity.hpp>
#include <parley/limits.hpp>
#include <parley/policy/backoff.hpp>
#include <parley/policy/routing.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace parley {

/// Who wants to be a peer.
struct PeerCandidate {
  Identity identity;        ///< as it says itself
  Endpoint endpoint;        ///< where it is
  std::string tls_subject;  ///< of its certificate, if it has shown one that was verified
};

/// Settings of a Socket. Sizes are in bytes; those of queues count what will be on the wire.
struct SocketOptions {
  /// To whom `send` sends. `send_to` works in either mode.
  SendMode send_mode = SendMode::round_robin;
  /// What is promised about what is sent. at_least_once is refused with publish, and with drop_oldest.
  Delivery delivery = Delivery::at_most_once;
  /// What `send` does at a high-water mark.
  Overflow overflow = Overflow::automatic;

  /// Who this socket says it is; none: random.
  std::optional<Identity> identity{};

  /// Largest message accepted or sent. A peer that announces more is cut off.
  std::size_t message_size_max = limits::message_size_max;

  /// The high-water marks of each peer's queue, and of the messages that are kept while there is no peer.
  std::size_t send_high_water_size = limits::send_high_water_size;
  std::size_t send_high_water_count = limits::send_high_water_count;
  /// With this many received bytes of a peer waiting for `receive`, nothing more is read from that peer.
  std::size_t receive_high_water_size = limits::receive_high_water_size;

  /// `send_to` a peer that is not there: keep the message until it comes (back), instead of error::unknown_peer.
  bool keep_for_absent_peers = false;

  // At-least-once.

  /// How long to wait for an acknowledgement before sending again.
  std::chrono::milliseconds resend_after = limits::resend_after;
  /// How often a message is sent at most, the first time included; then it is given up.
  unsigned sent_max = limits::sent_max;
  /// Messages and bytes that may be unacknowledged at a time, all peers together; at the limit `send` behaves as at a
  /// high-water mark.
  std::size_t unacknowledged_count_max = limits::unacknowledged_count_max;
  std::size_t unacknowledged_size_max = limits::unacknowledged_size_max;
  /// When what is received is acknowledged.
  Acknowledge acknowledge = Acknowledge::on_receipt;
  /// Ids of received messages that are remembered, so that one that comes twice is delivered once. 0: deliver twice.
  std::size_t duplicates_max = limits::duplicates_max;

  // Peers.

  /// A heartbeat is sent after this long without sending anything; zero: never.
  std::chrono::milliseconds heartbeat_interval = limits::heartbeat_interval;
  /// A peer that has been silent for this long is cut off; zero: never.
  std::chrono::milliseconds silence_max = limits::silence_max;
  /// How long everything may take from connecting to the end of the greeting.
  std::chrono::milliseconds greeting_time_max = limits::greeting_time_max;
  /// Peers at a time; further ones are refused.
  std::size_t peers_max = limits::peers_max;
  /// Whether to let a peer in, asked before any message passes; none: everybody. Called with the socket's lock held: it
  /// must not call the socket.
  std::function<bool(const PeerCandidate&)> accept_peer{};
  /// When to dial again; empty: ExponentialBackoff{}.
  Backoff backoff{};
};

namespace policy {
/// Throws std::invalid_argument for settings that contradict each other, with a sentence.
PARLEY_EXPORT void check(const SocketOptions& options);
}  // namespace policy

}  // namespace parley
