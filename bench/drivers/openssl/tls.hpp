#pragma once

#include "bench/drivers/raw/socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench::openssl {

[[noreturn]] inline void fail(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  throw std::runtime_error(what + ": " + (reason != nullptr ? reason : "failed"));
}

struct Free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

inline std::unique_ptr<SSL_CTX, Free> make_context(bool is_server) {
  std::unique_ptr<SSL_CTX, Free> context{SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())};
  if (!is_server) return context;
  const char* const pem = std::getenv("BENCH_TLS_PEM");
  if (pem == nullptr) throw std::invalid_argument("BENCH_TLS_PEM must name a PEM file of a certificate and its key");
  if (SSL_CTX_use_certificate_file(context.get(), pem, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), pem, SSL_FILETYPE_PEM) != 1) {
    fail(pem);
  }
  return context;
}

/// TLS over a blocking socket, as OpenSSL's manual shows it.
class TlsSocket {
 public:
  TlsSocket(raw::Socket socket, bool is_server)
      : socket_{std::move(socket)}, context_{make_context(is_server)}, ssl_{SSL_new(context_.get())} {
    SSL_set_fd(ssl_.get(), socket_.fd());
    if ((is_server ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get())) != 1) fail("the TLS handshake");
  }

  void send_all(const void* bytes, std::size_t size) {
    std::size_t sent = 0;
    if (SSL_write_ex(ssl_.get(), bytes, size, &sent) != 1) fail("SSL_write");
  }

  std::size_t receive_some(void* to, std::size_t size) {
    std::size_t got = 0;
    if (SSL_read_ex(ssl_.get(), to, size, &got) != 1) fail("SSL_read");
    return got;
  }

 private:
  raw::Socket socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace bench::openssl
