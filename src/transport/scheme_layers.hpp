// Which layers the schemes put over a socket: the one place that knows.
#pragma once

#include "transport/handshake_op.hpp"

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <vector>

namespace parley::transport {

/// Made of TCP and layers over it.
[[nodiscard]] bool is_layered(Scheme scheme) noexcept;

/// Whether one direction can end while the other goes on.
[[nodiscard]] bool can_half_close(const Endpoint& endpoint) noexcept;

/// Throws std::invalid_argument for options that cannot work: a server's TLS context for a client.
void check_client(const Endpoint& endpoint, const TransportOptions& options);

/// Throws Error where the system's authorities cannot be used. The options have been checked.
[[nodiscard]] std::vector<Handshake> client_handshakes(const Endpoint& endpoint, const TransportOptions& options);
/// Throws std::invalid_argument for a listener without a TLS certificate.
[[nodiscard]] std::vector<Handshake> server_handshakes(const Endpoint& endpoint, const TransportOptions& options);

/// For a stream that is there already. `scheme`: ws or wss, of the endpoints from then on; any path will do.
[[nodiscard]] Handshake ws_handshake(Scheme scheme, const WsOptions& options);
/// For a stream that is there already.
[[nodiscard]] Handshake tls_handshake(TlsContext context, std::string host);

}  // namespace parley::transport
