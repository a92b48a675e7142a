// Why a TLS session failed, in words a person can act on.
#pragma once

#include "transport/tls/openssl.hpp"

#include <boost/system/error_code.hpp>

#include <string>

namespace parley::transport {

struct TlsFailure {
  boost::system::error_code code;
  std::string sentence;
};

/// What the words depend on.
struct TlsSituation {
  bool is_server = false;
  bool is_established = false;  ///< the handshake is done
  bool only_1_3 = false;
  std::string host;         ///< who the peer must be
  std::string alpn;         ///< what this side can speak, for people
  std::string first_bytes;  ///< what the peer began with
};

/// For a certificate that verification has found wanting, from inside its callback.
[[nodiscard]] std::string describe_verification(X509_STORE_CTX* verification, const TlsSituation& situation);

/// For the errors OpenSSL has noted in this thread, which are then forgotten. `verification` is what
/// describe_verification said, if it was called.
[[nodiscard]] TlsFailure take_failure(const TlsSituation& situation, const std::string& verification);

}  // namespace parley::transport
