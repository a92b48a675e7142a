// TlsContext: certificates, keys and rules that TLS connections are made with; share one among all of them.
//
//   TlsContext server = TlsContext::server(TlsOptions{}.certificate_file("server.pem").key_file("server.key"));
//   Listener listener{executor, "tls://*:8443", ListenerOptions{.transport{.tls = server}}};
//   …
//   server.reload();   // the files have been renewed: handshakes from here on use them, connections stay
//
//   TlsContext client = TlsContext::client(TlsOptions{}.ca_file("ca.pem"));
//   Connection c = co_await connect("tls://example.org:8443", ConnectOptions{}.tls(client));
//
// The peer's certificate is always verified, and a server's must be for the host that was asked for. TLS 1.2 is the
// oldest version spoken, and nothing is ever renegotiated. Sessions are not resumed: each connection makes a full
// handshake, so that a certificate that has been replaced or withdrawn is not in use any longer than its connections.
#pragma once

#include <parley/detail/export.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// What minimum_version() takes.
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// What a server wants of its clients.
enum class ClientCertificate : std::uint8_t {
  not_asked,
  /// Clients may send one; it is verified if they do.
  optional,
  /// Mutual TLS: a client without a certificate that is trusted here is refused.
  required,
};

/// Setters return the object, so that they chain. Files are read when a context is made or reloaded.
class TlsOptions {
 public:
  TlsOptions() {}  // NOLINT(modernize-use-equals-default): must not be an aggregate

  /// This side's certificate in PEM, followed by those between it and its authority. Servers need one.
  TlsOptions& certificate_file(std::string path) { return certificate_ = {std::move(path), true}, *this; }
  TlsOptions& certificate(std::string pem) { return certificate_ = {std::move(pem), false}, *this; }
  /// Its private key in PEM. Without one, it is looked for beside the certificate.
  TlsOptions& key_file(std::string path) { return key_ = {std::move(path), true}, *this; }
  TlsOptions& key(std::string pem) { return key_ = {std::move(pem), false}, *this; }
  /// For an encrypted key.
  TlsOptions& key_password(std::string value) { return key_password_ = std::move(value), *this; }

  /// Authorities whose certificates are trusted: a PEM file, PEM text, a folder as `openssl rehash` makes it. They add
  /// up. Without any, a client trusts the system's.
  TlsOptions& ca_file(std::string path) { return authorities_.push_back({std::move(path), true}), *this; }
  TlsOptions& ca(std::string pem) { return authorities_.push_back({std::move(pem), false}), *this; }
  TlsOptions& ca_directory(std::string path) { return ca_directory_ = std::move(path), *this; }
  /// The system's authorities beside those given.
  TlsOptions& system_authorities() { return system_authorities_ = true, *this; }

  /// Servers. Default: not_asked.
  TlsOptions& client_certificate(ClientCertificate value) { return client_certificate_ = value, *this; }
  /// Clients: the name to ask for (SNI) and to find in the certificate, instead of the endpoint's host.
  TlsOptions& server_name(std::string value) { return server_name_ = std::move(value), *this; }
  /// Application protocols, the preferred one first; of 1 to 255 bytes each. When both sides name some, they must have
  /// one in common.
  TlsOptions& alpn(std::vector<std::string> value) { return alpn_ = std::move(value), *this; }
  /// Default: TLS 1.2.
  TlsOptions& minimum_version(TlsVersion value) { return minimum_version_ = value, *this; }

  /// Clients: talk to anyone who answers, whatever certificate they show. What is sent can then be read and changed by
  /// whoever sits between. For trying things out.
  TlsOptions& dangerously_accept_any_certificate() { return accepts_any_certificate_ = true, *this; }

  /// PEM, or the path of a file of it.
  struct Source {
    std::string text;      ///< the PEM, or the path
    bool is_file = false;  ///< which of the two
    /// Whether there is one.
    [[nodiscard]] bool is_set() const noexcept { return !text.empty(); }
  };

  /// What has been set.
  [[nodiscard]] const Source& certificate() const noexcept { return certificate_; }
  [[nodiscard]] const Source& key() const noexcept { return key_; }
  [[nodiscard]] const std::string& key_password() const noexcept { return key_password_; }
  [[nodiscard]] const std::vector<Source>& authorities() const noexcept { return authorities_; }
  [[nodiscard]] const std::string& ca_directory() const noexcept { return ca_directory_; }
  [[nodiscard]] bool uses_system_authorities() const noexcept { return system_authorities_; }
  [[nodiscard]] ClientCertificate client_certificate() const noexcept { return client_certificate_; }
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }
  [[nodiscard]] const std::vector<std::string>& alpn() const noexcept { return alpn_; }
  [[nodiscard]] TlsVersion minimum_version() const noexcept { return minimum_version_; }
  [[nodiscard]] bool accepts_any_certificate() const noexcept { return accepts_any_certificate_; }

 private:
  Source certificate_;
  Source key_;
  std::string key_password_;
  std::vector<Source> authorities_;
  std::string ca_directory_;
  bool system_authorities_ = false;
  ClientCertificate client_certificate_ = ClientCertificate::not_asked;
  std::string server_name_;
  std::vector<std::string> alpn_;
  TlsVersion minimum_version_ = TlsVersion::v1_2;
  bool accepts_any_certificate_ = false;
};

/// A handle; copies share one context. May be used from any thread.
class PARLEY_EXPORT TlsContext {
 public:
  /// Empty: no context.
  TlsContext() noexcept = default;

  /// Both read the files at once. Throw Error, with the file and what is wrong with it in the sentence: the system's
  /// code for a file that cannot be read, error::malformed for one that is not what it should be or a key that does not
  /// belong to the certificate, error::unavailable in a build without TLS. Throw std::invalid_argument for options that
  /// make no sense together: a server without a certificate, or one that verifies clients without an authority.
  [[nodiscard]] static TlsContext server(TlsOptions options);
  [[nodiscard]] static TlsContext client(TlsOptions options);
  [[nodiscard]] static TlsContext client() { return client(TlsOptions{}); }

  /// Whether there is a context, and whether it is a server's.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  [[nodiscard]] bool is_server() const noexcept;

  /// Reads the files again; handshakes that begin afterwards, by any copy of the handle, use what they say now. Throws
  /// as server() and client() do, and then everything stays as it was.
  void reload();
  /// The same with other options.
  void reload(TlsOptions options);

  struct State;
  /// For the library.
  [[nodiscard]] const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  explicit TlsContext(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

  std::shared_ptr<State> state_;
};

}  // namespace parley
