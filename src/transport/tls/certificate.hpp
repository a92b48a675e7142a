// Certificates in words.
#pragma once

#include "transport/tls/openssl.hpp"

#include <string>
#include <vector>

namespace parley::transport {

/// `CN=localhost,O=Example`: the order of RFC 2253, UTF-8 as it is, control bytes escaped.
[[nodiscard]] std::string subject_of(const X509* certificate);
[[nodiscard]] std::string issuer_of(const X509* certificate);
/// `2026-01-31 12:00:00 UTC`.
[[nodiscard]] std::string date_of(const ASN1_TIME* time);
/// Host names, addresses, mail addresses, URIs; the subject's common name where there is none of these.
[[nodiscard]] std::vector<std::string> names_of(const X509* certificate);
[[nodiscard]] std::string fingerprint_of(const X509* certificate);

}  // namespace parley::transport
