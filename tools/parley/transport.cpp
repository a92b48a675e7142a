#include "transport.hpp"

namespace parley::tool {
namespace {

/// What both sides have.
TlsOptions tls_options(const TlsWords& words) {
  TlsOptions tls;
  if (words.certificate) tls.certificate_file(*words.certificate);
  if (words.key) tls.key_file(*words.key);
  if (words.authority) tls.ca_file(*words.authority);
  return tls;
}

TransportOptions websocket_transport(const TalkOptions& options) {
  TransportOptions transport;
  transport.ws.messages(options.one_each ? WsMessages::one_each : WsMessages::pieces)
      .message_size_max(options.size_max);
  return transport;
}

}  // namespace

TransportOptions listening_transport(const TalkOptions& options) {
  TransportOptions transport = websocket_transport(options);
  if (!options.uses_tls()) return transport;
  TlsOptions tls = tls_options(options.tls);
  if (options.tls.authority) tls.client_certificate(ClientCertificate::required);
  transport.tls = TlsContext::server(tls);
  return transport;
}

TransportOptions connecting_transport(const TalkOptions& options) {
  TransportOptions transport = websocket_transport(options);
  if (!options.uses_tls()) return transport;
  TlsOptions tls = tls_options(options.tls);
  if (options.tls.server_name) tls.server_name(*options.tls.server_name);
  if (options.tls.accepts_any) tls.dangerously_accept_any_certificate();
  transport.tls = TlsContext::client(tls);
  return transport;
}

}  // namespace parley::tool
