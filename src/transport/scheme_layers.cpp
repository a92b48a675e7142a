#include "transport/scheme_layers.hpp"

#include "transport/tls/session.hpp"

#include <parley/error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

bool has_tls(Scheme scheme) noexcept { return scheme == Scheme::tls || scheme == Scheme::wss; }

/// Without options of its own, made once.
const TlsContext& default_client_context() {
  static const TlsContext context = TlsContext::client();
  return context;
}

TlsContext server_context(const Endpoint& endpoint, const TransportOptions& options) {
  if (!options.tls || !options.tls.is_server()) {
    throw std::invalid_argument{"cannot listen on " + endpoint.to_string() +
                                ": it needs a TLS context with a certificate, made by TlsContext::server"};
  }
  return options.tls;
}

}  // namespace

bool is_layered(Scheme scheme) noexcept { return scheme == Scheme::tls && is_available(scheme); }

bool can_half_close(Scheme scheme) noexcept {
  return scheme != Scheme::tls && scheme != Scheme::ws && scheme != Scheme::wss;
}

void check_client(const Endpoint& endpoint, const TransportOptions& options) {
  if (has_tls(endpoint.scheme()) && options.tls && options.tls.is_server()) {
    throw std::invalid_argument{"cannot connect to " + endpoint.to_string() +
                                ": its TLS context is one for servers; make it by TlsContext::client"};
  }
}

Handshake tls_handshake(TlsContext context, std::string host) {
  return {Scheme::tls, "TLS handshake", [context = std::move(context), host = std::move(host)](Below& below) {
            return make_tls_session(context, host, below);
          }};
}

std::vector<Handshake> client_handshakes(const Endpoint& endpoint, const TransportOptions& options) {
  std::vector<Handshake> handshakes;
  if (has_tls(endpoint.scheme())) {
    const TlsContext& context = options.tls ? options.tls : default_client_context();
    handshakes.push_back(tls_handshake(context, std::string{endpoint.host()}));
  }
  return handshakes;
}

std::vector<Handshake> server_handshakes(const Endpoint& endpoint, const TransportOptions& options) {
  std::vector<Handshake> handshakes;
  if (has_tls(endpoint.scheme())) handshakes.push_back(tls_handshake(server_context(endpoint, options), {}));
  return handshakes;
}

}  // namespace parley::transport
