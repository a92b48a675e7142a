// The blocking facade over TLS: what a connection says of its peer.
#include "integration/blocking/pair.hpp"
#include "support/certificates.hpp"

#include <future>
#include <memory>
#include <string>

namespace parley::blocking {
namespace {

using support::Credentials;
using support::test_authority;

TlsOptions of_localhost() {
  const Credentials identity = test_authority().issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}});
  return TlsOptions{}.certificate(identity.certificate).key(identity.key).ca(test_authority().certificate());
}

TEST(BlockingTls, each_side_is_told_what_the_other_has_proved) {
  ListenerOptions options;
  options.transport.tls = TlsContext::server(of_localhost().client_certificate(ClientCertificate::optional));
  Listener listener{"tls://127.0.0.1:0", options};
  std::future<Connection> accepted = std::async(std::launch::async, [&] { return listener.accept(patience); });
  const TlsContext trusting = TlsContext::client(TlsOptions{}.ca(test_authority().certificate()));
  Connection client{listener.local_endpoint(), ConnectOptions{}.tls(trusting)};
  Connection server = accepted.get();

  const std::shared_ptr<const TlsInfo> seen_by_client = client.tls_info();
  ASSERT_TRUE(seen_by_client);
  EXPECT_TRUE(seen_by_client->peer_verified);
  EXPECT_EQ(seen_by_client->peer_subject, "CN=localhost");
  ASSERT_TRUE(server.tls_info());
  EXPECT_FALSE(server.tls_info()->peer_verified) << "a client without a certificate";

  EXPECT_EQ(client.peer_credentials(), std::nullopt);
  client.abort();
  EXPECT_EQ(client.tls_info(), seen_by_client);
}

}  // namespace
}  // namespace parley::blocking
