#include "transport/tls/failure.hpp"

#include "transport/tls/certificate.hpp"

#include <parley/error.hpp>

#include <algorithm>
#include <cctype>

namespace parley::transport {
namespace {

std::string peer_of(const TlsSituation& situation) { return situation.is_server ? "client" : "server"; }
std::string self_of(const TlsSituation& situation) { return situation.is_server ? "server" : "client"; }

std::string join(const std::vector<std::string>& names) {
  constexpr std::size_t shown_max = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > shown_max) text += ", …";
  return text.empty() ? "nobody" : text;
}

/// As RFC 8446, 6 has them; OpenSSL does not know all of them by name.
std::string alert_name(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE: return "handshake_failure";
    case SSL_AD_BAD_CERTIFICATE: return "bad_certificate";
    case SSL_AD_UNSUPPORTED_CERTIFICATE: return "unsupported_certificate";
    case SSL_AD_CERTIFICATE_REVOKED: return "certificate_revoked";
    case SSL_AD_CERTIFICATE_EXPIRED: return "certificate_expired";
    case SSL_AD_CERTIFICATE_UNKNOWN: return "certificate_unknown";
    case SSL_AD_UNKNOWN_CA: return "unknown_ca";
    case SSL_AD_ACCESS_DENIED: return "access_denied";
    case SSL_AD_PROTOCOL_VERSION: return "protocol_version";
    case SSL_AD_INSUFFICIENT_SECURITY: return "insufficient_security";
    case SSL_AD_UNRECOGNIZED_NAME: return "unrecognized_name";
    case SSL_AD_CERTIFICATE_REQUIRED: return "certificate_required";
    case SSL_AD_NO_APPLICATION_PROTOCOL: return "no_application_protocol";
    default: return std::to_string(alert);
  }
}

/// What the peer objects to, as far as its alert says it.
std::string objection(int alert, const TlsSituation& situation) {
  const std::string own = "this " + self_of(situation) + "'s certificate";
  switch (alert) {
    case SSL_AD_CERTIFICATE_EXPIRED: return own + ", because it has expired";
    case SSL_AD_CERTIFICATE_REVOKED: return own + ", because it was withdrawn";
    case SSL_AD_UNKNOWN_CA: return own + ", because it does not trust the issuer";
    case SSL_AD_BAD_CERTIFICATE:
      return own + (situation.is_server ? ", because it is for another host, not valid yet or damaged"
                                        : ", because it is not valid yet or damaged");
    case SSL_AD_UNSUPPORTED_CERTIFICATE: return own + ", because it is of the wrong kind";
    case SSL_AD_CERTIFICATE_UNKNOWN: return own;
    case SSL_AD_CERTIFICATE_REQUIRED: return "a " + self_of(situation) + " without a certificate";
    case SSL_AD_PROTOCOL_VERSION: return "every TLS version this " + self_of(situation) + " speaks";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "every application protocol this " + self_of(situation) + " speaks (" + situation.alpn + ")";
    case SSL_AD_UNRECOGNIZED_NAME: return "the host name " + situation.host;
    case SSL_AD_HANDSHAKE_FAILURE:
      return situation.is_server ? std::string{"the handshake"}
                                 : std::string{"the handshake; it may want a client certificate, or other ciphers"};
    case SSL_AD_INSUFFICIENT_SECURITY: return "every cipher this " + self_of(situation) + " has, as too weak";
    case SSL_AD_ACCESS_DENIED: return own + ", which is valid, but not allowed in";
    default: return "to go on";
  }
}

TlsFailure refused_by_peer(int alert, const TlsSituation& situation) {
  return {error::refused_by_peer, "the " + peer_of(situation) + " refused " + objection(alert, situation) +
                                      " (TLS alert " + alert_name(alert) + ")"};
}

std::string shown(const std::string& bytes) {
  std::string text;
  for (const char each : bytes) text += std::isprint(static_cast<unsigned char>(each)) != 0 ? each : '.';
  return text;
}

/// TLS records begin with their kind and a version, both of which are easily told from other protocols.
bool speaks_tls(const std::string& first_bytes) {
  return first_bytes.size() < 2 || (first_bytes[0] >= 20 && first_bytes[0] <= 24 && first_bytes[1] == 3);
}

TlsFailure too_old(const TlsSituation& situation) {
  const char* const what = situation.is_server ? "the client offers only versions of TLS that are too old"
                                               : "the server answers with a version of TLS that is too old";
  const char* const required = situation.only_1_3 ? "TLS 1.3" : "TLS 1.2";
  return {error::handshake_failed, std::string{what} + "; at least " + required + " is required here"};
}

TlsFailure in_handshake(int reason, const std::string& openssl_reason, const TlsSituation& situation) {
  const std::string peer = "the " + peer_of(situation);
  if (!speaks_tls(situation.first_bytes)) {
    return {error::handshake_failed,
            peer + " does not speak TLS; it began with \"" + shown(situation.first_bytes) + "\""};
  }
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {error::untrusted_peer, peer + " sent no certificate, and one is required"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER: return too_old(situation);
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
      return {error::handshake_failed,
              peer + " has no cipher or signature algorithm in common with this " + self_of(situation)};
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_BAD_EXTENSION:
      if (situation.alpn.empty()) break;
      return {error::handshake_failed, peer + " speaks none of the application protocols " + situation.alpn};
    default: break;
  }
  return {error::handshake_failed, "the TLS handshake with " + peer + " failed: " + openssl_reason};
}

TlsFailure when_established(const std::string& openssl_reason, const TlsSituation& situation) {
  return {error::malformed, "what the " + peer_of(situation) +
                                " sent is not what TLS allows: it was damaged or tampered with (" + openssl_reason +
                                ")"};
}

}  // namespace

std::string describe_verification(X509_STORE_CTX* verification, const TlsSituation& situation) {
  const int problem = X509_STORE_CTX_get_error(verification);
  const X509* const certificate = X509_STORE_CTX_get_current_cert(verification);
  const bool is_leaf = X509_STORE_CTX_get_error_depth(verification) == 0;
  const std::string which = is_leaf ? "certificate" : "issuing certificate";
  const std::string start = "the " + peer_of(situation) + "'s " + which;
  if (certificate == nullptr) return start + " is not acceptable: " + X509_verify_cert_error_string(problem);
  const std::string named = start + " (" + subject_of(certificate) + ")";
  switch (problem) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return named + " expired on " + date_of(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return named + " is not valid before " + date_of(X509_get0_notBefore(certificate));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return start + " is for " + join(names_of(certificate)) + ", not for " + situation.host;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return named + " is self-signed and not trusted here";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the " + peer_of(situation) + "'s certificate is issued by " + subject_of(certificate) +
             ", which is not trusted here";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return named + " is issued by " + issuer_of(certificate) + ", which is not trusted here";
    case X509_V_ERR_INVALID_PURPOSE: return named + " is not meant for a " + peer_of(situation);
    default: return named + " is not acceptable: " + X509_verify_cert_error_string(problem);
  }
}

TlsFailure take_failure(const TlsSituation& situation, const std::string& verification) {
  const unsigned long noted = ERR_peek_error();
  const int reason = ERR_GET_REASON(noted);
  const std::string openssl_reason = take_openssl_reason();
  if (!verification.empty()) return {error::untrusted_peer, verification};
  if (reason > SSL_AD_REASON_OFFSET) return refused_by_peer(reason - SSL_AD_REASON_OFFSET, situation);
  return situation.is_established ? when_established(openssl_reason, situation)
                                  : in_handshake(reason, openssl_reason, situation);
}

}  // namespace parley::transport
