#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <ctime>
#include <stdexcept>

namespace parley::support {

struct CertificateAuthority::Pair {
  ~Pair() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

namespace {

template <class Write>
std::string pem_of(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
}
std::string pem_of(EVP_PKEY* key) {
  return pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error{"cannot make the extension " + value};
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& each : names) text += (text.empty() ? "" : ",") + each;
  return text;
}

long seconds(std::chrono::hours hours) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(hours).count());
}

/// Signed by `issuer`, or by itself where that is null.
X509* make_certificate(const CertificateRequest& request, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                       bool is_authority) {
  static std::atomic<long> serial{1};
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), seconds(request.begins));
  X509_gmtime_adj(X509_getm_notAfter(certificate), seconds(request.ends));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, key);
  add_extension(certificate, signer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!request.names.empty()) add_extension(certificate, signer, NID_subject_alt_name, join(request.names));
  X509_sign(certificate, issuer_key, EVP_sha256());
  return certificate;
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& common_name) : pair_{std::make_unique<Pair>()} {
  pair_->key = EVP_EC_gen("P-256");
  pair_->certificate = make_certificate({common_name}, pair_->key, nullptr, pair_->key, true);
  certificate_ = pem_of(pair_->certificate);
}

CertificateAuthority::~CertificateAuthority() = default;

Credentials CertificateAuthority::issue(const CertificateRequest& request) const {
  Pair made;
  made.key = EVP_EC_gen("P-256");
  made.certificate = make_certificate(request, made.key, pair_->certificate, pair_->key, false);
  return {pem_of(made.certificate), pem_of(made.key)};
}

Credentials self_signed(const CertificateRequest& request) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = make_certificate(request, key, nullptr, key, false);
  Credentials identity{pem_of(certificate), pem_of(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

std::string day_text(std::chrono::hours from_now) {
  const std::time_t when = std::time(nullptr) + seconds(from_now);
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

const CertificateAuthority& test_authority() {
  static const CertificateAuthority made{"Test Authority"};
  return made;
}

}  // namespace parley::support
