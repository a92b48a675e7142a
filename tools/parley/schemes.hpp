// What the scheme of an endpoint means to the tool.
#pragma once

#include <parley/endpoint.hpp>

namespace parley::tool {

/// Certificates are shown and checked there.
[[nodiscard]] inline bool uses_tls(const Endpoint& endpoint) {
  switch (endpoint.scheme()) {
    case Scheme::tls:
    case Scheme::wss:
    case Scheme::mux_tls:
    case Scheme::amqps: return true;
    default: return false;
  }
}

[[nodiscard]] inline bool uses_websocket(const Endpoint& endpoint) {
  return endpoint.scheme() == Scheme::ws || endpoint.scheme() == Scheme::wss;
}

[[nodiscard]] inline bool is_udp(const Endpoint& endpoint) { return endpoint.scheme() == Scheme::udp; }

/// Both sides connect to it, and meet there.
[[nodiscard]] inline bool uses_broker(const Endpoint& endpoint) {
  return endpoint.scheme() == Scheme::amqp || endpoint.scheme() == Scheme::amqps;
}

}  // namespace parley::tool
