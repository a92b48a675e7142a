// Options with which listeners and connectors of every scheme find each other in a test.
#pragma once

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/transport/options.hpp>

#include <string>
#include <vector>

namespace parley::support {

/// The schemes of this build that have a handshake: `tls`, `ws`, `wss`.
[[nodiscard]] std::vector<std::string> layered_schemes();

/// With a certificate for localhost and 127.0.0.1, where this build has TLS.
[[nodiscard]] TransportOptions server_transport();
/// Trusts it.
[[nodiscard]] TransportOptions client_transport();

[[nodiscard]] inline ListenerOptions listener_options() {
  ListenerOptions options;
  options.transport = server_transport();
  return options;
}
[[nodiscard]] inline ConnectOptions connect_options() {
  ConnectOptions options;
  options.transport(client_transport());
  return options;
}

}  // namespace parley::support
