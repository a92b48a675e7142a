// Certificates and keys made for a test, as PEM text.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace parley::support {

struct Credentials {
  std::string certificate;  ///< the leaf, and what is between it and its authority
  std::string key;
};

struct CertificateRequest {
  std::string common_name;
  /// As OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`.
  std::vector<std::string> names{};
  /// From now.
  std::chrono::hours begins{-1};
  std::chrono::hours ends{24};
};

/// Its certificate is self-signed.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& common_name);
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
  [[nodiscard]] Credentials issue(const CertificateRequest& request) const;

 private:
  struct Pair;
  std::unique_ptr<Pair> pair_;
  std::string certificate_;
};

/// The one most tests trust; made once.
[[nodiscard]] const CertificateAuthority& test_authority();

[[nodiscard]] Credentials self_signed(const CertificateRequest& request);

/// The moment `from_now` away as a certificate's error says it, up to the day: `2031-01-31`.
[[nodiscard]] std::string day_text(std::chrono::hours from_now);

}  // namespace parley::support
