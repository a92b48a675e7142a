// parley-agent, as tests start it.
#pragma once

#include <parley/endpoint.hpp>

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#if PARLEY_HAS_TLS
#include "support/certificates.hpp"
#endif

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::interop {

using Words = std::vector<std::string>;

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The bytes 00 to 0f, and the same as it is written.
inline const std::string agent_identity{"\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16};
inline const std::string agent_identity_text = "000102030405060708090a0b0c0d0e0f";

/// What it can be told to run over.
inline Words agent_transports() {
  Words all{"tcp", "unix", "ws"};
#if PARLEY_HAS_TLS
  all = all + Words{"tls", "wss"};
#endif
  return all;
}

/// Made once.
struct AgentCertificates {
  AgentCertificates() {
#if PARLEY_HAS_TLS
    const support::CertificateAuthority authority{"Test Authority"};
    const support::Credentials server = authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}});
    std::ofstream{folder.file("ca.pem")} << authority.certificate();
    std::ofstream{folder.file("server.pem")} << server.certificate;
    std::ofstream{folder.file("server.key")} << server.key;
#endif
  }

  /// For both sides, as it does no harm where it does not apply.
  [[nodiscard]] Words words() const {
    return {"--tls-cert", folder.file("server.pem"), "--tls-key", folder.file("server.key"), "--tls-ca", authority()};
  }
  [[nodiscard]] std::string authority() const { return folder.file("ca.pem"); }

  support::TemporaryFolder folder;
};

inline const AgentCertificates& agent_certificates() {
  static const AgentCertificates made;
  return made;
}

class Agent : public support::ChildProcess {
 public:
  explicit Agent(const Words& more)
      : ChildProcess{Words{PARLEY_BIN_DIR "/parley-agent"} + agent_certificates().words() + more} {}

  /// Binds any port, or this path.
  Agent(std::string_view transport, const std::string& path, const Words& more)
      : Agent{Words{"--role", "bind", "--port", "0", "--transport", std::string{transport}} + at_path(transport, path) +
              more} {}
  /// Connects there.
  Agent(const Endpoint& where, const Words& more) : Agent{words_for(where) + more} {}

  /// Waits until it listens.
  [[nodiscard]] Endpoint bound() {
    const std::string line = error_line_with("listening on ");
    return Endpoint{line.substr(line.find("listening on ") + 13)};
  }

 private:
  static Words at_path(std::string_view transport, const std::string& path) {
    return transport == "unix" ? Words{"--path", path} : Words{};
  }
  static Words words_for(const Endpoint& where) {
    if (where.scheme() == Scheme::unix_socket) return {"--transport", "unix", "--path", where.unix_path()};
    Words words{"--role",      "connect",
                "--host",      std::string{where.host()},
                "--port",      std::to_string(where.port()),
                "--transport", std::string{to_string(where.scheme())}};
    if (!where.path().empty()) words = words + Words{"--path", std::string{where.path()}};
    return words;
  }
};

}  // namespace parley::interop
