// What a client or a server of requests tells about those at its other end.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/time.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley::rpc {

/// One thing that has happened; `kind` says what, and which members mean something.
struct Event {
  /// What has happened.
  enum class Kind : std::uint8_t {
    connected,      ///< both sides have greeted: client_id (at a server), endpoint
    disconnected,   ///< the connection has gone: client_id (at a server), endpoint, cause, sentence
    retrying,       ///< a client dials again after `delay`: endpoint, cause, sentence
    refused,        ///< one side would not have the other: client_id (at a server), endpoint, cause, sentence
    forgotten,      ///< a client was absent for too long: client_id, and how many answers were dropped: count
    notice_failed,  ///< the handler of a notification: client_id, sentence
    accept_paused,  ///< accepting has to wait for descriptors, memory or a broker: endpoint, cause, delay
  };

  Kind kind = Kind::connected;         ///< what has happened
  std::string client_id{};             ///< of a server's client
  std::optional<Endpoint> endpoint{};  ///< where the other side is, or was
  boost::system::error_code cause{};   ///< why
  std::string sentence{};              ///< the same for people, with names and numbers
  std::uint64_t count = 0;             ///< forgotten: answers that were for it; retrying: failures in a row
  Duration delay{};                    ///< retrying, accept_paused: from now
};

/// Counters since a client or server was made, and what is under way at this moment.
struct Stats {
  std::uint64_t requests_sent = 0;      ///< requests made
  std::uint64_t notices_sent = 0;       ///< notifications made
  std::uint64_t answers_received = 0;   ///< for requests of this side's, errors included
  std::uint64_t answers_unasked = 0;    ///< for none: too late, twice, or never asked for
  std::uint64_t requests_received = 0;  ///< from the other side, notifications included
  std::uint64_t requests_refused = 0;   ///< of them, those that were answered with error::overloaded
  std::uint64_t calls_waiting = 0;      ///< requests of this side's without an answer, now
  std::uint64_t handlers_running = 0;   ///< that take time, those included that wait for their turn, now
  std::uint64_t events_missed = 0;      ///< dropped because nobody took them

  bool operator==(const Stats&) const = default;
};

/// What a client or server that ended had not got rid of. All zero: nothing is missing, as far as can be known.
struct CloseReport {
  std::uint64_t handlers_cancelled = 0;  ///< that had not returned
  std::uint64_t unsent_count = 0;        ///< messages that were kept, or never wholly written

  bool operator==(const CloseReport&) const = default;
};

}  // namespace parley::rpc
