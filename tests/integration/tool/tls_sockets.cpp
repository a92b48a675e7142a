// Smart sockets of the tool over TLS and WebSocket.
#include "tool_process.hpp"

#include "support/certificates.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

class ToolSocketTls : public ::testing::Test {
 protected:
  ToolSocketTls() {
    const support::CertificateAuthority authority{"Test Authority"};
    write("ca.pem", authority.certificate());
    write("server", authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}}));
    write("alice", authority.issue({"alice"}));
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{file(name)} << text; }
  void write(const std::string& who, const support::Credentials& identity) const {
    write(who + ".pem", identity.certificate + identity.key);
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_F(ToolSocketTls, messages_pass_over_tls_and_websocket) {
  for (const std::string scheme : {"tls", "wss", "ws"}) {
    const bool is_secret = scheme != "ws";
    std::vector<std::string> receiving{"receive", "--bind", scheme + "://127.0.0.1:0", "--count", "2"};
    if (is_secret) receiving.insert(receiving.end(), {"--tls-cert", file("server.pem")});
    ToolProcess receiver{receiving};
    std::vector<std::string> sending{"send", "--connect", receiver.listening_endpoint(), "--delivery", "at-least-once",
                                     "one",  "two"};
    if (is_secret) sending.insert(sending.begin() + 1, {"--tls-ca", file("ca.pem")});
    const ToolResult sent = run_tool(sending);
    EXPECT_EQ(sent.code, 0) << scheme << sent.errors;
    EXPECT_EQ(receiver.wait(), 0) << scheme << receiver.errors();
    EXPECT_EQ(receiver.output(), "one\ntwo\n") << scheme;
  }
}

TEST_F(ToolSocketTls, a_bound_port_takes_websocket_peers_as_well) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "1"}};
  const std::string tcp = receiver.listening_endpoint();
  const ToolResult sent = run_tool({"send", "--connect", "ws" + tcp.substr(tcp.find(':')) + "/", "from a browser"});
  EXPECT_EQ(sent.code, 0) << sent.errors;
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "from a browser\n");
}

TEST_F(ToolSocketTls, a_server_that_is_not_trusted_is_5_in_the_end) {
  ToolProcess receiver{{"receive", "--bind", "tls://127.0.0.1:0", "--tls-cert", file("server.pem")}};
  const ToolResult sent = run_tool({"send", "--connect", receiver.listening_endpoint(), "--timeout", "1s", "secret"});
  EXPECT_EQ(sent.code, 5);
  EXPECT_NE(sent.errors.find("which is not trusted here"), std::string::npos) << sent.errors;
  receiver.error_line_with("warning: a peer was turned away: ");
}

TEST_F(ToolSocketTls, peers_are_told_by_the_subject_of_their_certificate) {
  ToolProcess receiver{
      {"receive", "--bind", "tls://127.0.0.1:0", "--tls-cert", file("server.pem"), "--tls-ca", file("ca.pem")}};
  const ToolResult seen = run_tool({"peers", receiver.listening_endpoint(), "--for", "500ms", "--tls-ca",
                                    file("ca.pem"), "--tls-cert", file("alice.pem")});
  EXPECT_EQ(seen.code, 0) << seen.errors;
  EXPECT_NE(seen.output.find("CN=localhost\n"), std::string::npos) << seen.output;
}

}  // namespace
}  // namespace parley::test
