// What stands behind a TlsContext: the options, and the SSL_CTX made from them, replaced as a whole by reload().
#pragma once

#include "transport/tls/openssl.hpp"

#include <parley/transport/tls_context.hpp>

#include <memory>
#include <mutex>

namespace parley {

/// What one handshake is made with, and keeps whatever is reloaded meanwhile.
struct TlsMaterial {
  TlsOptions options;
  transport::ContextPtr context;
  /// ALPN as it stands on the wire: each protocol behind its length.
  std::string alpn;
};

struct PARLEY_HIDDEN TlsContext::State {
 public:
  State(TlsOptions options, bool is_server);

  [[nodiscard]] bool is_server() const noexcept { return is_server_; }
  [[nodiscard]] std::shared_ptr<const TlsMaterial> material() const;
  void reload();
  void reload(TlsOptions options);

 private:
  const bool is_server_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsMaterial> material_;
};

}  // namespace parley
