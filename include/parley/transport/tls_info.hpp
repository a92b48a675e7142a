// What a TLS handshake agreed on, and who the peer has proved to be.
#pragma once

#include <string>
#include <vector>

namespace parley {

/// A snapshot of the moment at which the handshake was done. Strings are as the peer wrote them: check before trusting.
struct TlsInfo {
  /// As OpenSSL names it: `TLSv1.3`.
  std::string version;
  std::string cipher;

  /// The application protocol both agreed on (ALPN); empty when none was.
  std::string alpn;
  /// The name the client asked for (SNI); empty when it asked for none.
  std::string server_name;

  /// The peer's certificate was issued by an authority trusted here, is valid now and, where this side is the client,
  /// is for the host that was asked for. False when the peer sent none, or verification was switched off.
  bool peer_verified = false;
  /// The certificate's subject in the order of RFC 2253, such as `CN=alice,O=Example`; empty without a certificate.
  std::string peer_subject;
  /// Who issued it, written in the same way.
  std::string peer_issuer;
  /// Host names, addresses, mail addresses and URIs the certificate is for.
  std::vector<std::string> peer_names;
  /// SHA-256 of the certificate, in lower-case hexadecimal digits.
  std::string peer_fingerprint;
};

}  // namespace parley
