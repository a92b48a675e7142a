// Counters of a server or client made of handlers.
#pragma once

#include <parley/connection/datagram_stats.hpp>

#include <cstdint>

namespace parley::app {

/// Since it was made, and, where it says so, at this moment.
struct Stats {
  std::uint64_t peers = 0;               ///< connected, now
  std::uint64_t peers_accepted = 0;      ///< that on_connect was called for
  std::uint64_t peers_refused = 0;       ///< turned away because there were `peers_max`
  std::uint64_t messages_received = 0;   ///< taken from connections
  std::uint64_t messages_sent = 0;       ///< given to connections
  std::uint64_t messages_dropped = 0;    ///< by hooks and filters that said so
  std::uint64_t messages_refused = 0;    ///< received, and refused by a hook or filter
  std::uint64_t messages_unhandled = 0;  ///< for whose kind there is no handler (only where there is no classifier)
  std::uint64_t messages_abandoned = 0;  ///< held for classification when their peer went
  std::uint64_t unclassified = 0;        ///< peers that were closed because they could not be classified
  std::uint64_t handlers_failed = 0;     ///< functions of the program that threw
  std::uint64_t replies_lost = 0;        ///< what handlers returned, and could not be sent
  std::uint64_t peers_silent = 0;        ///< closed after `idle_time_max`
  DatagramStats datagrams{};             ///< of all udp:// endpoints of a server (of a client's: Peer::stats)

  bool operator==(const Stats&) const = default;
};

/// What stop() could not bring to its end before the deadline. All zero: nothing is missing, as far as can be known.
struct StopReport {
  std::uint64_t handlers_cancelled = 0;  ///< coroutines that had not returned
  std::uint64_t handlers_left = 0;       ///< of those, that have not returned a second later
  std::uint64_t peers_cut = 0;           ///< whose connection was not closed in order
  std::uint64_t unsent_count = 0;        ///< messages that were queued and are dropped

  bool operator==(const StopReport&) const = default;
};

}  // namespace parley::app
