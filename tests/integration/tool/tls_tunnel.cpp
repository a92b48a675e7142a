// parley tunnel and parley gateway over TLS.
#include "forwarding.hpp"

#include "support/certificates.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using support::CertificateAuthority;
using support::Credentials;

/// Files as a user has them.
class ToolTunnelTls : public ::testing::Test {
 protected:
  ToolTunnelTls() {
    const CertificateAuthority authority{"Test Authority"};
    std::ofstream{file("ca.pem")} << authority.certificate();
    write("gate", authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}}));
    write("alice", authority.issue({"alice"}));
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  void write(const std::string& who, const Credentials& identity) const {
    std::ofstream{file(who + ".pem")} << identity.certificate << identity.key;
  }
  /// One that wants certificates of tunnels.
  [[nodiscard]] std::vector<std::string> gateway_options() const {
    return {"--tls-cert", file("gate.pem"), "--tls-ca", file("ca.pem")};
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_F(ToolTunnelTls, both_sides_show_certificates_and_bytes_go_through) {
  const RawListener destination{"tcp://127.0.0.1:0"};
  const ToolGateway gateway{gateway_options(), "mux+tls://127.0.0.1:0"};
  const ToolTunnel tunnel{
      gateway.endpoint(), {destination.endpoint()}, {"--tls-ca", file("ca.pem"), "--tls-cert", file("alice.pem")}};
  const RawPeer client = RawPeer::connect(tunnel.port());
  const RawPeer server = destination.accept();
  client.send("secret");
  client.end_sending();
  EXPECT_EQ(server.receive_all(), "secret");
  // TLS cannot end one direction alone, and channels of it can.
  server.send("answer");
  server.end_sending();
  EXPECT_EQ(client.receive_all(), "answer");
}

TEST_F(ToolTunnelTls, a_gateway_that_is_not_trusted_is_said_and_not_used) {
  const ToolGateway gateway{gateway_options(), "mux+tls://127.0.0.1:0"};
  ToolTunnel tunnel{gateway.endpoint(), {"tcp://127.0.0.1:1"}, {"--timeout", "200ms"}};
  tunnel.process().error_line_with("which is not trusted here");
  EXPECT_EQ(read_until_reset(RawPeer::connect(tunnel.port())), "reset");
}

TEST_F(ToolTunnelTls, a_tunnel_without_a_certificate_is_turned_away) {
  ToolGateway gateway{gateway_options(), "mux+tls://127.0.0.1:0"};
  ToolTunnel tunnel{gateway.endpoint(), {"tcp://127.0.0.1:1"}, {"--timeout", "200ms", "--tls-ca", file("ca.pem")}};
  gateway.process().error_line_with("the client sent no certificate, and one is required");
  tunnel.process().error_line_with("; trying again in ");
}

}  // namespace
}  // namespace parley::test
