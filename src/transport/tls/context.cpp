// From options to an SSL_CTX: reading PEM, and saying what is wrong with it.
#include "transport/sentence.hpp"
#include "transport/tls/context_state.hpp"

#include <parley/error.hpp>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace parley {

using boost::system::error_code;
using transport::BioPtr;
using transport::CertificatePtr;
using transport::ContextPtr;
using transport::KeyPtr;
using transport::take_openssl_reason;

namespace {

/// A full record: its header, 16 KiB, and what ciphers add.
constexpr std::size_t record_size_max = 5 + 16 * 1024 + 24;

/// One recv fetches several records, and of a stream of full ones whole records: OpenSSL moves what is left of a broken
/// one to the front. A buffer of this size is there only while something is being received.
constexpr std::size_t read_ahead_size = 4 * record_size_max;

[[noreturn]] void fail(const std::string& what, const std::string& why) {
  throw Error{error::malformed, "cannot use the " + what + ": " + why};
}

std::string describe(const char* kind, const TlsOptions::Source& source) {
  return source.is_file ? std::string{kind} + " file " + source.text : std::string{kind} + " given as text";
}

std::string read_file(const char* kind, const std::string& path) {
  errno = 0;
  const std::unique_ptr<FILE, transport::OpensslFree<&std::fclose>> file{std::fopen(path.c_str(), "rbe")};
  std::string content;
  char block[4096];
  std::size_t size = 0;
  while (file && (size = std::fread(block, 1, sizeof block, file.get())) > 0) content.append(block, size);
  if (file && std::ferror(file.get()) == 0) return content;
  const error_code ec = transport::last_errno();
  throw Error{ec, "cannot read the " + std::string{kind} + " file " + path + ": " + transport::reason(ec)};
}

std::string pem_of(const char* kind, const TlsOptions::Source& source) {
  return source.is_file ? read_file(kind, source.text) : source.text;
}

/// Called by OpenSSL for an encrypted key; without this it would ask on the terminal.
int give_password(char* room, int size, int /*for_writing*/, void* password) {
  const std::string& text = *static_cast<const std::string*>(password);
  if (text.size() > static_cast<std::size_t>(size)) return -1;
  text.copy(room, text.size());
  return static_cast<int>(text.size());
}

CertificatePtr next_certificate(BIO* pem) { return CertificatePtr{PEM_read_bio_X509(pem, nullptr, nullptr, nullptr)}; }

/// Reading PEM ends with an error either way; only this one means that everything has been read.
bool is_end_of_pem() {
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (is_end) ERR_clear_error();
  return is_end;
}

void use_certificate(SSL_CTX* context, const TlsOptions::Source& source) {
  const std::string text = pem_of("certificate", source);
  const BioPtr pem = transport::reader_of(text);
  const CertificatePtr leaf = next_certificate(pem.get());
  if (!leaf) {
    const bool is_missing = is_end_of_pem();
    fail(describe("certificate", source), is_missing ? "there is no PEM certificate in it" : take_openssl_reason());
  }
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) fail(describe("certificate", source), take_openssl_reason());
  while (CertificatePtr intermediate = next_certificate(pem.get())) {
    if (SSL_CTX_add1_chain_cert(context, intermediate.get()) != 1) {
      fail(describe("certificate", source), take_openssl_reason());
    }
  }
  if (!is_end_of_pem()) fail(describe("certificate", source), take_openssl_reason());
}

void use_key(SSL_CTX* context, const TlsOptions& options) {
  const TlsOptions::Source& source = options.key().is_set() ? options.key() : options.certificate();
  const std::string text = pem_of("key", source);
  if (text.find("PRIVATE KEY-----") == std::string::npos) {
    fail(describe(options.key().is_set() ? "key" : "certificate", source), "there is no PEM private key in it");
  }
  const BioPtr pem = transport::reader_of(text);
  std::string password = options.key_password();
  const KeyPtr key{PEM_read_bio_PrivateKey(pem.get(), nullptr, give_password, &password)};
  if (!key) {
    ERR_clear_error();
    fail(describe("key", source), password.empty() ? "it is damaged, or encrypted and no password was given"
                                                   : "it is damaged, or the password is wrong");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    fail(describe("key", source), "it does not belong to the certificate");
  }
}

void trust(SSL_CTX* context, const TlsOptions::Source& source) {
  const std::string text = pem_of("authorities", source);
  const BioPtr pem = transport::reader_of(text);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (CertificatePtr authority = next_certificate(pem.get())) {
    X509_STORE_add_cert(store, authority.get());
    // Tells a client which of its certificates is wanted.
    SSL_CTX_add_client_CA(context, authority.get());
    ++count;
  }
  if (!is_end_of_pem()) fail(describe("authorities", source), take_openssl_reason());
  if (count == 0) fail(describe("authorities", source), "there is no PEM certificate in it");
}

void use_authorities(SSL_CTX* context, const TlsOptions& options, bool is_server) {
  for (const TlsOptions::Source& each : options.authorities()) trust(context, each);
  if (const std::string& folder = options.ca_directory(); !folder.empty()) {
    if (SSL_CTX_load_verify_dir(context, folder.c_str()) != 1) fail("authorities in " + folder, take_openssl_reason());
  }
  const bool none_given = options.authorities().empty() && options.ca_directory().empty();
  if (options.uses_system_authorities() || (none_given && !is_server)) SSL_CTX_set_default_verify_paths(context);
  ERR_clear_error();
}

void check_options(const TlsOptions& options, bool is_server) {
  const auto refuse = [](const char* why) { throw std::invalid_argument{why}; };
  if (is_server && !options.certificate().is_set()) refuse("a TLS server needs a certificate");
  if (options.key().is_set() && !options.certificate().is_set()) refuse("a TLS key is of no use without a certificate");
  const bool has_authority =
      !options.authorities().empty() || !options.ca_directory().empty() || options.uses_system_authorities();
  if (options.client_certificate() != ClientCertificate::not_asked) {
    if (!is_server) refuse("only a TLS server can ask for a client certificate");
    if (!has_authority) refuse("a TLS server that verifies clients needs the authorities that it trusts");
  }
  if (is_server && options.accepts_any_certificate()) {
    refuse("a TLS server that is content with any certificate should not ask for one");
  }
  if (is_server && !options.server_name().empty()) refuse("a TLS server expects no server name");
}

std::string alpn_on_the_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& each : protocols) {
    if (each.empty() || each.size() > 255) {
      throw std::invalid_argument{"the name of an application protocol has 1 to 255 bytes, not " +
                                  std::to_string(each.size())};
    }
    wire += static_cast<char>(each.size());
    wire += each;
  }
  return wire;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* alpn) {
  const std::string& ours = *static_cast<const std::string*>(alpn);
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned>(ours.size()), offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void use_alpn(SSL_CTX* context, const std::string& wire, bool is_server) {
  if (wire.empty()) return;
  if (is_server) {
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, const_cast<std::string*>(&wire));
  } else {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned>(wire.size()));
  }
}

void set_rules(SSL_CTX* context, const TlsOptions& options) {
  const bool only_1_3 = options.minimum_version() == TlsVersion::v1_3;
  SSL_CTX_set_min_proto_version(context, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET);
  // Nothing is resumed, and so no ticket is sent: a client that only sends, and closes with tickets unread, would reset
  // its connection.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_ahead_size);
}

std::shared_ptr<const TlsMaterial> make_material(TlsOptions options, bool is_server) {
  check_options(options, is_server);
  auto material = std::make_shared<TlsMaterial>();
  material->options = std::move(options);
  material->alpn = alpn_on_the_wire(material->options.alpn());
  ERR_clear_error();
  material->context.reset(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* const context = material->context.get();
  if (context == nullptr) throw Error{error::unavailable, "OpenSSL cannot be used: " + take_openssl_reason()};
  set_rules(context, material->options);
  if (material->options.certificate().is_set()) {
    use_certificate(context, material->options.certificate());
    use_key(context, material->options);
  }
  use_authorities(context, material->options, is_server);
  use_alpn(context, material->alpn, is_server);
  return material;
}

}  // namespace

TlsContext::State::State(TlsOptions options, bool is_server)
    : is_server_{is_server}, material_{make_material(std::move(options), is_server)} {}

std::shared_ptr<const TlsMaterial> TlsContext::State::material() const {
  const std::lock_guard lock{mutex_};
  return material_;
}

void TlsContext::State::reload() { reload(material()->options); }

void TlsContext::State::reload(TlsOptions options) {
  auto fresh = make_material(std::move(options), is_server_);
  const std::lock_guard lock{mutex_};
  material_.swap(fresh);
}

TlsContext TlsContext::server(TlsOptions options) {
  return TlsContext{std::make_shared<State>(std::move(options), true)};
}
TlsContext TlsContext::client(TlsOptions options) {
  return TlsContext{std::make_shared<State>(std::move(options), false)};
}

bool TlsContext::is_server() const noexcept { return state_ && state_->is_server(); }

namespace {
TlsContext::State& existing(const std::shared_ptr<TlsContext::State>& state) {
  if (!state) throw std::invalid_argument{"an empty TLS context cannot be reloaded"};
  return *state;
}
}  // namespace

void TlsContext::reload() { existing(state_).reload(); }
void TlsContext::reload(TlsOptions options) { existing(state_).reload(std::move(options)); }

}  // namespace parley
