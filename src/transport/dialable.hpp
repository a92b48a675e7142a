// What no endpoint to connect to can be, whatever its scheme.
#pragma once

#include <parley/endpoint.hpp>

#include <stdexcept>
#include <string>

namespace parley::transport {

[[noreturn]] inline void refuse_to_connect(const Endpoint& endpoint, const char* why) {
  throw std::invalid_argument{"cannot connect to " + endpoint.to_string() + ": " + why};
}

/// Throws std::invalid_argument for a wildcard host and for port 0.
inline void require_one_peer(const Endpoint& endpoint) {
  if (endpoint.is_wildcard()) refuse_to_connect(endpoint, "a wildcard host is for listening only");
  if (endpoint.has_port() && endpoint.port() == 0) refuse_to_connect(endpoint, "port 0 is for listening only");
}

}  // namespace parley::transport
