#include "transport/tls/session.hpp"

#include "transport/tls/certificate.hpp"
#include "transport/tls/context_state.hpp"
#include "transport/tls/failure.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Enough to recognise what somebody speaks who does not speak TLS.
constexpr std::size_t first_bytes_max = 16;

/// Plain bytes of one record.
constexpr std::size_t record_size_max = 16 * 1024;

/// What one read takes from below beyond what it was asked for: records that carry nothing (keys to be changed,
/// requests to begin anew) could keep it busy for ever.
constexpr std::size_t take_spare = 128 * 1024;

/// Answers to such records that are kept for a peer that does not read them.
constexpr std::size_t answers_size_max = 16 * 1024;

/// What is wrong with a name that OpenSSL does not take.
std::string size_of_name(const std::string& name) {
  return std::to_string(name.size()) + (name.find('\0') == std::string::npos ? " bytes" : " bytes, one of them NUL");
}

class OpensslSession final : public Layer {
 public:
  OpensslSession(const TlsContext& context, const std::string& host, Below& below);

  void handshake(error_code& ec) override;
  std::size_t read(std::span<std::byte> room, error_code& ec) override;
  std::size_t write(std::span<const asio::const_buffer> buffers, error_code& ec) override;
  void end() noexcept override;
  [[nodiscard]] std::shared_ptr<const TlsInfo> tls_info() const override;
  [[nodiscard]] const std::string& explain() const noexcept override { return sentence_; }

 private:
  static const BIO_METHOD* stream_method();
  static int take_bytes(BIO* bio, char* room, int size);
  static int give_bytes(BIO* bio, const char* bytes, int size);
  static int on_verified(int is_good, X509_STORE_CTX* verification);

  void expect_server(const std::string& host);
  void verify_peer();
  void encrypt(std::span<const std::byte> bytes, error_code& ec);
  [[nodiscard]] error_code error_of(int outcome);
  [[nodiscard]] error_code stream_ended();
  error_code fail(error_code code, std::string sentence);

  std::shared_ptr<const TlsMaterial> material_;  // has what the callbacks of its SSL_CTX refer to
  Below& below_;
  SslPtr ssl_;
  TlsSituation situation_;
  std::string verification_;  // what is wrong with the peer's certificate
  error_code stream_end_;     // of the stream below
  bool is_reading_ = false;
  std::size_t take_left_ = 0;     // while reading
  std::size_t answers_size_ = 0;  // given while reading, since all that was given has left
  error_code failed_;             // set together with the sentence
  std::string sentence_;
};

// --- the stream below, as a BIO --------------------------------------------------------------------------------------

const BIO_METHOD* OpensslSession::stream_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley stream");
    BIO_meth_set_read(made, take_bytes);
    BIO_meth_set_write(made, give_bytes);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    BIO_meth_set_ctrl(made, [](BIO* bio, int command, long, void*) -> long {
      if (command == BIO_CTRL_EOF) {
        return static_cast<OpensslSession*>(BIO_get_data(bio))->stream_end_.failed() ? 1 : 0;
      }
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return method;
}

int OpensslSession::take_bytes(BIO* bio, char* room, int size) {
  auto& self = *static_cast<OpensslSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.is_reading_ && self.take_left_ == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t wanted = std::min(static_cast<std::size_t>(size), self.is_reading_ ? self.take_left_ : SIZE_MAX);
  error_code ec;
  const std::size_t taken = self.below_.take(std::as_writable_bytes(std::span{room, wanted}), ec);
  if (ec == asio::error::would_block) {
    BIO_set_retry_read(bio);
    return -1;
  }
  if (ec) {
    self.stream_end_ = ec;
    return ec == asio::error::eof ? 0 : -1;
  }
  if (self.is_reading_) self.take_left_ -= taken;
  std::string& first = self.situation_.first_bytes;
  if (first.size() < first_bytes_max) first.append(room, std::min(taken, first_bytes_max - first.size()));
  return static_cast<int>(taken);
}

int OpensslSession::give_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  auto& self = *static_cast<OpensslSession*>(BIO_get_data(bio));
  if (self.is_reading_) self.answers_size_ += static_cast<std::size_t>(size);
  self.below_.give(std::as_bytes(std::span{bytes, static_cast<std::size_t>(size)}));
  return size;
}

// --- setting up ------------------------------------------------------------------------------------------------------

OpensslSession::OpensslSession(const TlsContext& context, const std::string& host, Below& below)
    : material_{context.state()->material()}, below_{below}, ssl_{SSL_new(material_->context.get())} {
  BIO* const bio = BIO_new(stream_method());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc{};
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);

  const TlsOptions& options = material_->options;
  situation_.is_server = context.is_server();
  situation_.only_1_3 = options.minimum_version() == TlsVersion::v1_3;
  for (const std::string& each : options.alpn()) situation_.alpn += (situation_.alpn.empty() ? "" : ", ") + each;
  if (situation_.is_server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
    expect_server(options.server_name().empty() ? host : options.server_name());
  }
  verify_peer();
}

/// OpenSSL checks no name at all when it was given none, or one that it did not take.
void OpensslSession::expect_server(const std::string& host) {
  situation_.host = host;
  if (host.empty()) return;  // whoever allows that takes anyone: knows_whom_to_expect()
  error_code no_address;
  const auto address = asio::ip::make_address(host.substr(0, host.find('%')), no_address);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_.get());
  if (!no_address) {
    // RFC 6066, 3: addresses are not sent as server names.
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, address.to_string().c_str()) != 1) throw std::bad_alloc{};
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_expected = SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1 &&
                           X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1;
  ERR_clear_error();
  if (!is_expected) throw Error{error::handshake_failed, "no server can have a name of " + size_of_name(host)};
}

void OpensslSession::verify_peer() {
  const TlsOptions& options = material_->options;
  int mode = SSL_VERIFY_PEER;
  if (situation_.is_server) {
    switch (options.client_certificate()) {
      case ClientCertificate::not_asked: mode = SSL_VERIFY_NONE; break;
      case ClientCertificate::optional: break;
      case ClientCertificate::required: mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT; break;
    }
  } else if (options.accepts_any_certificate()) {
    mode = SSL_VERIFY_NONE;
  }
  SSL_set_verify(ssl_.get(), mode, mode == SSL_VERIFY_NONE ? nullptr : on_verified);
}

int OpensslSession::on_verified(int is_good, X509_STORE_CTX* verification) {
  if (is_good == 1) return 1;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& self = *static_cast<OpensslSession*>(SSL_get_app_data(ssl));
  if (self.verification_.empty()) self.verification_ = describe_verification(verification, self.situation_);
  return 0;
}

// --- moving bytes ----------------------------------------------------------------------------------------------------

void OpensslSession::handshake(error_code& ec) {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  ec = outcome == 1 ? error_code{} : error_of(outcome);
  if (!ec) situation_.is_established = true;
}

std::size_t OpensslSession::read(std::span<std::byte> room, error_code& ec) {
  if (!below_.is_congested()) answers_size_ = 0;
  if (answers_size_ > answers_size_max) {
    fail(error::malformed, "the " + std::string{situation_.is_server ? "client" : "server"} +
                               " asks again and again what TLS has to answer, and does not read the answers");
  }
  ec = failed_;
  if (ec) return 0;
  is_reading_ = true;
  take_left_ = room.size() + take_spare;
  std::size_t total = 0;
  while (total < room.size()) {
    ERR_clear_error();
    std::size_t size = 0;
    const int outcome = SSL_read_ex(ssl_.get(), room.data() + total, room.size() - total, &size);
    if (outcome != 1) {
      ec = error_of(outcome);
      break;
    }
    total += size;
  }
  is_reading_ = false;
  if (ec == asio::error::would_block && take_left_ == 0) ec = {};  // others are to have their turn
  return total;
}

/// Small buffers are gathered into full records, large ones encrypted where they are: a record costs some hundreds of
/// nanoseconds whatever its size.
std::size_t OpensslSession::write(std::span<const asio::const_buffer> buffers, error_code& ec) {
  ec = {};
  std::array<std::byte, record_size_max> gathered;
  std::size_t gathered_size = 0;
  std::size_t total = 0;
  for (const asio::const_buffer& each : buffers) {
    std::span bytes{static_cast<const std::byte*>(each.data()), std::min(each.size(), write_size_max - total)};
    total += bytes.size();
    while (!bytes.empty()) {
      if (gathered_size == 0 && bytes.size() >= record_size_max) {
        const std::size_t whole = bytes.size() - bytes.size() % record_size_max;
        encrypt(bytes.first(whole), ec);
        bytes = bytes.subspan(whole);
      } else {
        const std::size_t part = std::min(bytes.size(), record_size_max - gathered_size);
        std::memcpy(gathered.data() + gathered_size, bytes.data(), part);
        gathered_size += part;
        bytes = bytes.subspan(part);
        if (gathered_size == record_size_max) encrypt(gathered, ec), gathered_size = 0;
      }
      if (ec) break;
    }
    if (ec || total == write_size_max) break;
  }
  if (!ec) encrypt(std::span{gathered}.first(gathered_size), ec);
  // To those who write, a peer that has gone is a broken pipe.
  if (ec && stream_end_ == asio::error::eof) ec = asio::error::broken_pipe;
  return ec ? 0 : total;
}

void OpensslSession::encrypt(std::span<const std::byte> bytes, error_code& ec) {
  while (!bytes.empty() && !ec) {
    ERR_clear_error();
    std::size_t size = 0;
    const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
    if (outcome == 1) {
      bytes = bytes.subspan(size);
    } else {
      ec = error_of(outcome);
    }
  }
}

void OpensslSession::end() noexcept {
  ERR_clear_error();
  below_.begin_farewell();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

error_code OpensslSession::error_of(int outcome) {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ: return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
    default: break;
  }
  if (stream_end_) {
    ERR_clear_error();
    return stream_ended();
  }
  TlsFailure failure = take_failure(situation_, verification_);
  return fail(failure.code, std::move(failure.sentence));
}

/// OpenSSL tells the reason once; asked again, it only repeats that it failed.
error_code OpensslSession::fail(error_code code, std::string sentence) {
  if (sentence_.empty()) {
    sentence_ = std::move(sentence);
    failed_ = code;
  }
  return failed_;
}

error_code OpensslSession::stream_ended() {
  const std::string peer = situation_.is_server ? "the client" : "the server";
  if (stream_end_ != asio::error::eof) return stream_end_;
  if (situation_.is_established) {
    sentence_ = peer + " ended the connection without the closing message of TLS; what it sent last may be missing";
    return error::truncated;
  }
  sentence_ = peer + " closed the connection during the TLS handshake";
  return error::handshake_failed;
}

std::shared_ptr<const TlsInfo> OpensslSession::tls_info() const {
  auto info = std::make_shared<TlsInfo>();
  SSL* const ssl = ssl_.get();
  info->version = SSL_get_version(ssl);
  info->cipher = SSL_get_cipher_name(ssl);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size > 0) info->alpn.assign(reinterpret_cast<const char*>(protocol), size);
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) info->server_name = name;
  if (const X509* const certificate = SSL_get0_peer_certificate(ssl)) {
    info->peer_verified = SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && SSL_get_verify_result(ssl) == X509_V_OK;
    info->peer_subject = subject_of(certificate);
    info->peer_issuer = issuer_of(certificate);
    info->peer_names = names_of(certificate);
    info->peer_fingerprint = fingerprint_of(certificate);
  }
  return info;
}

}  // namespace

bool knows_whom_to_expect(const TlsContext& context, const std::string& host) {
  const TlsOptions& options = context.state()->material()->options;
  return context.is_server() || options.accepts_any_certificate() || !host.empty() || !options.server_name().empty();
}

std::unique_ptr<Layer> make_tls_session(const TlsContext& context, const std::string& host, Below& below) {
  return std::make_unique<OpensslSession>(context, host, below);
}

}  // namespace parley::transport
