#include "transport.hpp"

#include "schemes.hpp"

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

}  // namespace

TransportOptions listening_transport(const Endpoint& endpoint, const TlsWords& words, const WsOptions& ws) {
  TransportOptions transport;
  transport.ws = ws;
  if (!uses_tls(endpoint)) return transport;
  TlsOptions tls = tls_options(words);
  if (words.authority) tls.client_certificate(ClientCertificate::required);
  transport.tls = TlsContext::server(tls);
  return transport;
}

TransportOptions connecting_transport(const Endpoint& endpoint, const TlsWords& words, const WsOptions& ws) {
  TransportOptions transport;
  transport.ws = ws;
  if (!uses_tls(endpoint)) return transport;
  TlsOptions tls = tls_options(words);
  if (words.server_name) tls.server_name(*words.server_name);
  if (words.accepts_any) tls.dangerously_accept_any_certificate();
  transport.tls = TlsContext::client(tls);
  return transport;
}

}  // namespace parley::tool
