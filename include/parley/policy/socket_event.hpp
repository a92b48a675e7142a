// What a Socket tells about its peers.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/identity.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley {

/// One thing that has happened; `kind` says what, and which members mean something.
struct SocketEvent {
  /// What has happened.
  enum class Kind : std::uint8_t {
    peer_up,    ///< a peer has greeted, and messages can pass: identity, endpoint
    peer_lost,  ///< and cannot any more: identity, endpoint, cause, sentence, count, written_count
    refused,    ///< one that connected was not let in: endpoint, cause, sentence; identity if it had said so
    retrying,   ///< an endpoint is dialled again after `delay`: endpoint, cause, sentence
    dropped,    ///< messages were not sent: identity, cause (why), count
    resent,     ///< a message was not acknowledged in time, or its connection was lost: identity (now), message, count
    gave_up,    ///< a message was not acknowledged, and is not sent again: identity (last), message, count, cause
    accept_paused,  ///< accepting has to wait for descriptors or memory: endpoint, cause, delay
  };

  Kind kind = Kind::peer_up;         ///< what has happened
  Identity identity;                 ///< of the peer
  std::optional<Endpoint> endpoint;  ///< where it is, or was
  boost::system::error_code cause;   ///< why
  std::string sentence;              ///< the same for people, with names and numbers
  /// dropped: messages. peer_lost: messages that were certainly not sent to it, and went to nobody else. resent,
  /// gave_up: how often this one was sent. retrying: failures in a row.
  std::uint64_t count = 0;
  /// peer_lost: messages written to this connection, those included that were being written when it was lost, or after
  /// disconnect() still are. Of those the last may be lost with it: a system takes bytes before the program at the
  /// other end does.
  std::uint64_t written_count = 0;
  Duration delay{};  ///< retrying, accept_paused: from now
  Message message;   ///< resent, gave_up
};

}  // namespace parley
