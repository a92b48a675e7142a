// What the commands for smart sockets are told.
#pragma once

#include "common_options.hpp"
#include "notation.hpp"

#include <parley/endpoint.hpp>
#include <parley/identity.hpp>
#include <parley/policy/routing.hpp>
#include <parley/policy/socket_options.hpp>
#include <parley/wire/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// One socket: where it is to be found, whom it looks for, and how it behaves.
struct PartyOptions {
  std::vector<Endpoint> bound;
  std::vector<Endpoint> dialled;
  Dialect dialect = Dialect::aiomsg;
  SocketOptions socket{};
};

enum class SocketRole : std::uint8_t { send, receive, echo };

/// `parley send`, `parley receive`, `parley echo`.
struct SocketTalkOptions : CommonOptions {
  SocketRole role = SocketRole::send;
  PartyOptions party{};
  std::optional<Identity> to;         ///< send: to this one alone
  std::size_t wait_peers = 1;         ///< begin when there are so many
  std::optional<Seconds> interval;    ///< between two messages
  bool catches_up = false;            ///< what was missed of the interval is made up for: a rate
  std::vector<std::string> bodies{};  ///< send: as written, templates perhaps
  bool literal = false;               ///< they are no templates

  [[nodiscard]] Notation notation() const { return {format.value_or(BodyFormat::text), codec}; }
};

/// `parley peers`.
struct PeersOptions : CommonOptions {
  PartyOptions party{};
  Seconds span{1};  ///< how long to look
};

}  // namespace parley::tool
