// TLS as a Layer.
#pragma once

#include "transport/layer.hpp"

#include <parley/transport/tls_context.hpp>

#include <memory>
#include <string>

namespace parley::transport {

/// For a client, `host` is who the peer must be; a server does not use it. Throws Error (error::unavailable) in a build
/// without TLS.
///
/// Errors of the handshake: error::untrusted_peer, refused_by_peer, handshake_failed. With TLS 1.3 a client's handshake
/// is done before the server has seen its certificate: that it was refused comes as an error of the first read.
///
/// A host that cannot be looked for in a certificate is error::handshake_failed, thrown.
[[nodiscard]] std::unique_ptr<Layer> make_tls_session(const TlsContext& context, const std::string& host, Below& below);

/// Whether a session could tell its peer from another: a client without a name to look for could not, unless it takes
/// anyone.
[[nodiscard]] bool knows_whom_to_expect(const TlsContext& context, const std::string& host);

}  // namespace parley::transport
