#include "transport/scheme_layers.hpp"

#include "transport/tls/session.hpp"
#include "transport/ws/session.hpp"

#include <parley/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

bool has_tls(Scheme scheme) noexcept { return scheme == Scheme::tls || scheme == Scheme::wss; }

bool has_ws(Scheme scheme) noexcept { return scheme == Scheme::ws || scheme == Scheme::wss; }

/// Path and query.
std::string target_of(const Endpoint& endpoint) {
  const std::string text = endpoint.to_string();
  return text.substr(text.find('/', text.find("://") + 3));
}

/// As a browser writes it: without the port that goes without saying.
std::string host_of(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host().find(':') != std::string_view::npos;
  const std::string host = is_v6 ? "[" + std::string{endpoint.host()} + "]" : std::string{endpoint.host()};
  const bool is_usual_port = endpoint.port() == (endpoint.scheme() == Scheme::wss ? 443 : 80);
  return is_usual_port ? host : host + ":" + std::to_string(endpoint.port());
}

Handshake ws_client_handshake(const Endpoint& endpoint, const WsOptions& options) {
  return {endpoint.scheme(), "WebSocket handshake", [endpoint, options](Below& below) {
            return make_ws_client({host_of(endpoint), target_of(endpoint), options.origin(), make_ws_key()}, options,
                                  below);
          }};
}

Handshake ws_server_handshake(const Endpoint& endpoint, const WsOptions& options) {
  return {endpoint.scheme(), "WebSocket handshake", [endpoint, options](Below& below) {
            return make_ws_server({std::string{endpoint.path()}, options.accept_origin()}, options, below);
          }};
}

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

bool is_layered(Scheme scheme) noexcept { return (has_tls(scheme) || has_ws(scheme)) && is_available(scheme); }

bool can_half_close(const Endpoint& endpoint) noexcept {
  if (has_tls(endpoint.scheme()) || has_ws(endpoint.scheme()) || endpoint.scheme() == Scheme::udp) return false;
  // Channels can, but not those of TCPChan.
  return std::ranges::none_of(endpoint.parameters(), [](const Endpoint::Parameter& each) {
    return each.key == "dialect" && each.value == "tcpchan";
  });
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

Handshake ws_handshake(Scheme scheme, const WsOptions& options) {
  return {scheme, "WebSocket handshake", [options](Below& below) {
            return make_ws_server({{}, options.accept_origin()}, options, below);
          }};
}

std::vector<Handshake> client_handshakes(const Endpoint& endpoint, const TransportOptions& options) {
  std::vector<Handshake> handshakes;
  if (has_tls(endpoint.scheme())) {
    const TlsContext& context = options.tls ? options.tls : default_client_context();
    handshakes.push_back(tls_handshake(context, std::string{endpoint.host()}));
  }
  if (has_ws(endpoint.scheme())) handshakes.push_back(ws_client_handshake(endpoint, options.ws));
  return handshakes;
}

std::vector<Handshake> server_handshakes(const Endpoint& endpoint, const TransportOptions& options) {
  std::vector<Handshake> handshakes;
  if (has_tls(endpoint.scheme())) handshakes.push_back(tls_handshake(server_context(endpoint, options), {}));
  if (has_ws(endpoint.scheme())) handshakes.push_back(ws_server_handshake(endpoint, options.ws));
  return handshakes;
}

}  // namespace parley::transport
