// What became of datagrams that did not become messages.
#pragma once

#include <cstdint>

namespace parley {

/// Counters of udp connections and listeners since they were made; of everything else all are zero. What two ends on
/// one machine have sent and not received is `lost()` of the receiving one, to the last datagram; over a network,
/// nobody can know.
struct DatagramStats {
  /// Received by the system and dropped there: its buffer for the socket was full
  /// (TransportOptions::receive_buffer_size), or the checksum was wrong.
  std::uint64_t lost_in_system = 0;
  /// The connection had ConnectionOptions::receive_high_water_size waiting, or all of a listener's together
  /// UdpOptions::unread_size_max.
  std::uint64_t lost_queue_full = 0;
  /// Longer than ConnectionOptions::message_size_max, so that the system cut them.
  std::uint64_t lost_too_large = 0;
  /// Of a new address, when there was no place for one more: ListenerOptions::connections_max, or
  /// TransportOptions::backlog not yet accepted.
  std::uint64_t lost_no_place = 0;
  /// For a connection that takes in no more, or waiting in one that was closed; of a new address after the listener was
  /// closed, or without a port to answer to.
  std::uint64_t lost_unwanted = 0;
  /// Messages that were to be sent and that the system did not take: there was no way to the peer, its rules forbade
  /// it, it had no memory, or they were larger than the way takes. Each is told to the log hook too.
  std::uint64_t send_failed = 0;
  /// Times that the network, or the peer's system, reported that what was sent could not be delivered; some say
  /// nothing.
  std::uint64_t unreachable = 0;

  /// All that came to this machine and was lost on it.
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return lost_in_system + lost_queue_full + lost_too_large + lost_no_place + lost_unwanted;
  }
  bool operator==(const DatagramStats&) const = default;
};

}  // namespace parley
