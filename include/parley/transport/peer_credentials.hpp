// Who is at the other end of a Unix socket, by the word of the kernel.
#pragma once

#include <cstdint>

namespace parley {

/// As of the moment at which the peer called connect, or the listening side listen: a process that has changed its user
/// since, or has handed its socket on, is told of as it was then. The peer cannot forge them.
struct PeerCredentials {
  /// The process, 0 if it is in a PID namespace that is not seen from here. It may have ended, and its number may be
  /// another's: good for logs, not for decisions.
  std::int32_t process = 0;
  /// The effective user.
  std::uint32_t user = 0;
  /// The effective group; supplementary groups are not told.
  std::uint32_t group = 0;

  bool operator==(const PeerCredentials&) const = default;
};

}  // namespace parley
