#include "settings.hpp"

#include <parley/transport/tls_context.hpp>

#include <stdexcept>

namespace parley::agent {
namespace {

/// --tls says what the others leave open.
Transport transport_of(const Settings& settings) {
  switch (settings.transport) {
    case Transport::automatic:
    case Transport::tcp: return settings.tls ? Transport::tls : Transport::tcp;
    case Transport::ws: return settings.tls ? Transport::wss : Transport::ws;
    case Transport::unix_socket:
      if (settings.tls) throw std::invalid_argument{"--tls true does not go together with --transport unix"};
      break;
    default: break;
  }
  return settings.transport;
}

bool has_tls(Transport transport) { return transport == Transport::tls || transport == Transport::wss; }

Endpoint web_endpoint(const std::string& scheme, const std::string& authority, const std::string& path) {
  if (!path.empty() && path.front() != '/') throw std::invalid_argument{"--path has to begin with / for ws and wss"};
  return Endpoint{scheme + "://" + authority + path};
}

}  // namespace

Endpoint endpoint_of(const Settings& settings) {
  const Transport transport = transport_of(settings);
  if (transport == Transport::unix_socket) {
    if (settings.path.empty()) throw std::invalid_argument{"--transport unix needs the --path of the socket"};
    return Endpoint::unix_path(settings.path);
  }
  if (settings.role == Role::connect && settings.port == 0) {
    throw std::invalid_argument{"--port 0 is for --role bind: nobody can be connected to there"};
  }
  const std::string tcp = Endpoint::tcp(settings.host, settings.port).to_string();
  const std::string authority = tcp.substr(tcp.find("://") + 3);
  switch (transport) {
    case Transport::tls: return Endpoint{"tls://" + authority};
    case Transport::ws: return web_endpoint("ws", authority, settings.path);
    case Transport::wss: return web_endpoint("wss", authority, settings.path);
    default: return Endpoint{tcp};
  }
}

EndpointOptions endpoint_options_of(const Settings& settings) {
  EndpointOptions options;
  options.dialect(settings.dialect);
  if (!has_tls(transport_of(settings))) return options;
  TlsOptions tls;
  if (settings.role == Role::bind) {
    if (!settings.tls_certificate.empty()) tls.certificate_file(settings.tls_certificate);
    if (!settings.tls_key.empty()) tls.key_file(settings.tls_key);
    return options.tls(TlsContext::server(tls));
  }
  if (!settings.tls_authority.empty()) tls.ca_file(settings.tls_authority);
  if (!settings.tls_server_name.empty()) tls.server_name(settings.tls_server_name);
  return options.tls(TlsContext::client(tls));
}

}  // namespace parley::agent
