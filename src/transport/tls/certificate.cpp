#include "transport/tls/certificate.hpp"

#include "transport/printable.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace parley::transport {
namespace {

std::string text_of_name(const X509_NAME* name) {
  const BioPtr out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), name, 0, (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_ESC_CTRL);
  return text_of(out.get());
}

std::string text_of(const ASN1_STRING* string) {
  const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  return printable(std::string(data, static_cast<std::size_t>(ASN1_STRING_length(string))));
}

std::string text_of_address(const ASN1_OCTET_STRING* address) {
  const unsigned char* byte = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::string text;
  char part[8];
  for (int i = 0; i < size; i += size == 4 ? 1 : 2) {
    if (size == 4) {
      std::snprintf(part, sizeof part, "%s%d", i > 0 ? "." : "", byte[i]);
    } else {
      std::snprintf(part, sizeof part, "%s%x", i > 0 ? ":" : "", byte[i] * 256 + (i + 1 < size ? byte[i + 1] : 0));
    }
    text += part;
  }
  return text;
}

std::string text_of_general_name(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return text_of(name.d.dNSName);
    case GEN_EMAIL: return text_of(name.d.rfc822Name);
    case GEN_URI: return text_of(name.d.uniformResourceIdentifier);
    case GEN_IPADD: return text_of_address(name.d.iPAddress);
    default: return {};
  }
}

std::string common_name_of(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return index < 0 ? std::string{} : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

}  // namespace

std::string subject_of(const X509* certificate) { return text_of_name(X509_get_subject_name(certificate)); }
std::string issuer_of(const X509* certificate) { return text_of_name(X509_get_issuer_name(certificate)); }

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const GeneralNamesPtr alternatives{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    if (std::string name = text_of_general_name(*sk_GENERAL_NAME_value(alternatives.get(), i)); !name.empty()) {
      names.push_back(std::move(name));
    }
  }
  if (names.empty()) {
    if (std::string name = common_name_of(certificate); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

}  // namespace parley::transport
