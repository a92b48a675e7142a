// What the options of the tool mean for TLS and WebSocket.
#pragma once

#include "tls_words.hpp"

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

namespace parley::tool {

/// Both throw parley::Error for files that cannot be used.
[[nodiscard]] TransportOptions listening_transport(const Endpoint& endpoint, const TlsWords& words,
                                                   const WsOptions& ws);
[[nodiscard]] TransportOptions connecting_transport(const Endpoint& endpoint, const TlsWords& words,
                                                    const WsOptions& ws);

}  // namespace parley::tool
