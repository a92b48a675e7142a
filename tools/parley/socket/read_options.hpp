// From what the user wrote to what the commands for smart sockets are told, with every check that needs no I/O.
#pragma once

#include "read_common.hpp"
#include "socket/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// Of one socket.
struct PartyWords {
  std::vector<std::string> bound;
  std::vector<std::string> dialled;
  std::optional<std::string> dialect;
  std::optional<std::string> identity;
  std::optional<std::string> mode;
  std::optional<std::string> delivery;
};

struct SocketTalkWords : CommonWords, PartyWords {
  std::optional<std::string> to;
  std::optional<std::string> wait_peers;
  std::optional<std::string> rate;
  std::optional<std::string> interval;
  std::vector<std::string> bodies;
};

struct PeersWords : CommonWords, PartyWords {
  std::string endpoint;
  bool binds = false;
  std::optional<std::string> span;
};

/// All throw UsageError. `options` has what needs no reading already.
[[nodiscard]] PartyOptions read_party(const PartyWords& words);
void read_socket_talk(const SocketTalkWords& words, SocketTalkOptions& options);
void read_peers(const PeersWords& words, PeersOptions& options);

/// What is the same for a whole command: TLS goes with its endpoints, and its sockets can be made.
void check_parties(const TlsWords& tls, const std::vector<const PartyOptions*>& parties);

}  // namespace parley::tool
