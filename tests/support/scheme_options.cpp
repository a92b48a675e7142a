#include "support/scheme_options.hpp"

#if PARLEY_HAS_TLS
#include "support/certificates.hpp"
#endif

namespace parley::support {

#if PARLEY_HAS_TLS

namespace {

struct Contexts {
  Contexts() {
    const CertificateAuthority authority{"Test Authority"};
    const Credentials identity = authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}});
    server = TlsContext::server(TlsOptions{}.certificate(identity.certificate).key(identity.key));
    client = TlsContext::client(TlsOptions{}.ca(authority.certificate()));
  }
  TlsContext server;
  TlsContext client;
};

/// Made once: keys take a moment.
const Contexts& contexts() {
  static const Contexts made;
  return made;
}

}  // namespace

std::vector<std::string> layered_schemes() { return {"tls", "ws", "wss"}; }

TransportOptions server_transport() {
  TransportOptions options;
  options.tls = contexts().server;
  return options;
}

TransportOptions client_transport() {
  TransportOptions options;
  options.tls = contexts().client;
  return options;
}

#else

std::vector<std::string> layered_schemes() { return {"ws"}; }
TransportOptions server_transport() { return {}; }
TransportOptions client_transport() { return {}; }

#endif

}  // namespace parley::support
