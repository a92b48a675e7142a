#include "certificate.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

#if PARLEY_HAS_TLS

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace parley::tool::demo {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not make a certificate for the demo");
}

Owned<X509> sign(EVP_PKEY* key) {
  Owned<X509> made{X509_new()};
  X509* const certificate = made.get();
  require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
  constexpr long day = 24 * 60 * 60;
  require(X509_gmtime_adj(X509_getm_notBefore(certificate), -day) != nullptr);  // clocks may differ
  require(X509_gmtime_adj(X509_getm_notAfter(certificate), day) != nullptr);
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>("parley demo");
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1);
  require(X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1);
  const Owned<X509_EXTENSION> where{X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1")};
  require(where != nullptr && X509_add_ext(certificate, where.get(), -1) == 1);
  require(X509_sign(certificate, key, EVP_sha256()) > 0);
  return made;
}

void write(const std::string& path, X509* certificate, EVP_PKEY* key) {
  const Owned<std::FILE> file{std::fopen(path.c_str(), "w")};
  if (!file) throw std::system_error(errno, std::generic_category(), "cannot write " + path);
  require(PEM_write_X509(file.get(), certificate) == 1);
  if (key != nullptr) require(PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  if (std::fflush(file.get()) != 0) throw std::system_error(errno, std::generic_category(), "cannot write " + path);
}

}  // namespace

bool can_make_certificates() noexcept { return true; }

CertificateFiles make_certificate(const std::string& folder) {
  const CertificateFiles files{folder + "/server.pem", folder + "/authority.pem"};
  const Owned<EVP_PKEY> key{EVP_EC_gen("P-256")};
  require(key != nullptr);
  const Owned<X509> certificate = sign(key.get());
  write(files.server, certificate.get(), key.get());
  write(files.authority, certificate.get(), nullptr);
  return files;
}

}  // namespace parley::tool::demo

#else

namespace parley::tool::demo {

bool can_make_certificates() noexcept { return false; }

CertificateFiles make_certificate(const std::string&) { throw std::runtime_error("this parley was built without TLS"); }

}  // namespace parley::tool::demo

#endif
