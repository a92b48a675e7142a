// What is said about TLS on the command line.
#pragma once

#include <parley/endpoint.hpp>

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// As it was written: paths of PEM files, and whom to expect.
struct TlsWords {
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> authority;    ///< that the peer's certificate must come from
  std::optional<std::string> server_name;  ///< who connects: to find in the certificate instead of the endpoint's host
  bool accepts_any = false;                ///< who connects: no check of the server's certificate
};

/// Whether this goes together, and with what is listened on and connected to. Throws UsageError.
void check_tls(const TlsWords& tls, const std::vector<Endpoint>& listened, const std::vector<Endpoint>& dialled);

}  // namespace parley::tool
