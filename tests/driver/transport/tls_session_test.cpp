// The TLS layer against a client that means harm with what TLS allows: OpenSSL itself, and records made by hand.
#include "transport/tls/openssl.hpp"
#include "transport/tls/session.hpp"

#include "support/certificates.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::string_literals;

unsigned char* unsigned_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string eight_bytes(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

/// RFC 5246, 6.3, for AES-128-GCM: the client's key and the server's, and four bytes of nonce for each.
std::string keys_of(SSL* ssl) {
  std::string secret(48, '\0');
  std::string label = "key expansion";
  std::string randoms(64, '\0');
  SSL_SESSION_get_master_key(SSL_get_session(ssl), unsigned_bytes(secret), 48);
  SSL_get_server_random(ssl, unsigned_bytes(randoms), 32);
  SSL_get_client_random(ssl, unsigned_bytes(randoms) + 32, 32);
  const std::unique_ptr<EVP_KDF, OpensslFree<&EVP_KDF_free>> function{EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr)};
  const std::unique_ptr<EVP_KDF_CTX, OpensslFree<&EVP_KDF_CTX_free>> derivation{EVP_KDF_CTX_new(function.get())};
  std::string digest = "SHA256";
  const OSSL_PARAM parameters[]{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label.data(), label.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, randoms.data(), randoms.size()),
      OSSL_PARAM_construct_end(),
  };
  std::string keys(40, '\0');
  EXPECT_EQ(EVP_KDF_derive(derivation.get(), unsigned_bytes(keys), keys.size(), parameters), 1);
  return keys;
}

class HostileClient final : public Below {
 public:
  explicit HostileClient(int version) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_cipher_list(context_.get(), "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256");
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    error_code ec = asio::error::would_block;
    while (ec == asio::error::would_block) {
      SSL_do_handshake(ssl_.get());
      send();
      server->handshake(ec);
    }
    EXPECT_FALSE(ec) << server->explain();
    EXPECT_EQ(SSL_do_handshake(ssl_.get()), 1);
    given_size = 0;
  }

  std::size_t take(std::span<std::byte> room, error_code& ec) override {
    ec = coming.empty() ? error_code{asio::error::would_block} : error_code{};
    const std::size_t size = std::min(room.size(), coming.size());
    std::memcpy(room.data(), coming.data(), size);
    coming.erase(0, size);
    return size;
  }
  void give(std::span<const std::byte> bytes) override {
    given_size += bytes.size();
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  [[nodiscard]] bool is_congested() const override { return congested; }

  void write(const std::string& text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    send();
  }
  void change_keys() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    send();
  }
  /// TLS 1.2, whose Finished was the first record under these keys: an empty ClientHello.
  void ask_to_begin_anew() {
    if (keys_.empty()) keys_ = keys_of(ssl_.get());
    std::string hello = "\1\0\0\0"s;
    std::string nonce = keys_.substr(32, 4) + eight_bytes(++record_number_);
    std::string header = eight_bytes(record_number_) + "\x16\3\3\0\4"s;
    std::string tag(16, '\0');
    const std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<&EVP_CIPHER_CTX_free>> cipher{EVP_CIPHER_CTX_new()};
    int size = 0;
    EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, unsigned_bytes(keys_), unsigned_bytes(nonce));
    EVP_EncryptUpdate(cipher.get(), nullptr, &size, unsigned_bytes(header), static_cast<int>(header.size()));
    EVP_EncryptUpdate(cipher.get(), unsigned_bytes(hello), &size, unsigned_bytes(hello),
                      static_cast<int>(hello.size()));
    EVP_EncryptFinal_ex(cipher.get(), unsigned_bytes(hello), &size);
    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data());
    coming += "\x16\3\3\0\x1c"s + eight_bytes(record_number_) + hello + tag;
  }

  std::string coming;
  std::size_t given_size = 0;
  bool congested = false;
  std::unique_ptr<Layer> server = make_tls_session(server_context(), {}, *this);

 private:
  void send() {
    coming += text_of(SSL_get_wbio(ssl_.get()));
    static_cast<void>(BIO_reset(SSL_get_wbio(ssl_.get())));
  }

  static TlsContext server_context() {
    const support::Credentials identity = support::test_authority().issue({"localhost"});
    return TlsContext::server(TlsOptions{}.certificate(identity.certificate).key(identity.key));
  }

  ContextPtr context_{SSL_CTX_new(TLS_client_method())};
  SslPtr ssl_;
  std::string keys_;
  std::uint64_t record_number_ = 0;
};

std::string read_some(HostileClient& client, error_code& ec) {
  std::string room(1000, '\0');
  room.resize(client.server->read(std::as_writable_bytes(std::span{room}), ec));
  return room;
}

TEST(TlsSession, a_peer_whose_records_carry_nothing_does_not_keep_the_reader_for_itself) {
  HostileClient client{TLS1_3_VERSION};
  for (int i = 0; i < 30'000; ++i) client.change_keys();
  const std::size_t all = client.coming.size();
  error_code ec;
  EXPECT_EQ(read_some(client, ec), "");
  EXPECT_FALSE(ec) << "there is more to look at";
  EXPECT_GT(client.coming.size(), all / 2);
  client.write("news");
  std::string news;
  for (int i = 0; i < 100 && news.empty(); ++i) news = read_some(client, ec);
  EXPECT_EQ(news, "news");
}

TEST(TlsSession, a_peer_that_asks_to_begin_anew_is_told_no) {
  HostileClient client{TLS1_2_VERSION};
  client.ask_to_begin_anew();
  error_code ec;
  EXPECT_EQ(read_some(client, ec), "");
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_EQ(client.given_size, 31U) << "an alert";
}

TEST(TlsSession, answers_are_not_gathered_for_a_peer_that_does_not_read_them) {
  HostileClient client{TLS1_2_VERSION};
  client.congested = true;
  error_code ec;
  for (int i = 0; i < 1000 && (!ec || ec == asio::error::would_block); ++i) {
    for (int j = 0; j < 100; ++j) client.ask_to_begin_anew();
    read_some(client, ec);
  }
  EXPECT_EQ(ec, error::malformed);
  EXPECT_EQ(client.server->explain(),
            "the client asks again and again what TLS has to answer, and does not read the answers");
  EXPECT_LT(client.given_size, 100'000U);
  read_some(client, ec);
  EXPECT_EQ(ec, error::malformed) << "an end comes again";
}

TEST(TlsSession, a_peer_that_reads_the_answers_may_ask_as_often_as_it_likes) {
  HostileClient client{TLS1_2_VERSION};
  error_code ec;
  for (int i = 0; i < 2000; ++i) client.ask_to_begin_anew();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(read_some(client, ec), "");
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_EQ(client.given_size, 2000U * 31U);
}

}  // namespace
}  // namespace parley::transport
