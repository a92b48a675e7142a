// A certificate for the demo's TLS server, made for the occasion: it vouches for itself, for 127.0.0.1, for a day.
#pragma once

#include <string>

namespace parley::tool::demo {

/// Files in a folder that only this user can read.
struct CertificateFiles {
  std::string server;     ///< the certificate and its private key
  std::string authority;  ///< what clients trust: the certificate alone
};

/// False in a tool without TLS.
[[nodiscard]] bool can_make_certificates() noexcept;

/// Throws std::runtime_error with a sentence.
[[nodiscard]] CertificateFiles make_certificate(const std::string& folder);

}  // namespace parley::tool::demo
