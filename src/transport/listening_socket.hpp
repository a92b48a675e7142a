// A bound and listening descriptor for an endpoint, before any event loop knows of it.
#pragma once

#include "transport/descriptor.hpp"
#include "transport/unix_file.hpp"

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

namespace parley::transport {

struct ListeningSocket {
  Descriptor descriptor;
  int family;
  /// With the real port.
  Endpoint local;
  UnixFile file;
};

/// Blocks while a host name is looked up. Throws as the constructor of Acceptor.
[[nodiscard]] ListeningSocket listen_on(const Endpoint& endpoint, const TransportOptions& options);

}  // namespace parley::transport
