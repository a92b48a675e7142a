// Python's ssl and the openssl command, on either side.
#include "interop/echoing.hpp"
#include "support/certificates.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace parley::interop {
namespace {

using support::CertificateAuthority;
using support::ChildProcess;
using support::ChildResult;
using support::Credentials;

class ForeignTls : public testing::Test {
 protected:
  ForeignTls() {
    const CertificateAuthority authority{"Test Authority"};
    write("ca.pem", authority.certificate());
    write(authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}}), "server");
    write(authority.issue({"alice"}), "client");
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] TlsOptions identified_as(const std::string& who) const {
    return TlsOptions{}.certificate_file(file(who + ".pem")).key_file(file(who + ".key")).ca_file(file("ca.pem"));
  }
  [[nodiscard]] ListenerOptions listener_options() const {
    ListenerOptions options;
    options.transport.tls =
        TlsContext::server(identified_as("server").client_certificate(ClientCertificate::required).alpn({"parley"}));
    return options;
  }
  [[nodiscard]] std::vector<std::string> python(const std::string& role, const std::string& address) const {
    return {"python3", PARLEY_SOURCE_DIR "/tests/interop/python/tls_peer.py", role, address, folder_.file("")};
  }

 private:
  void write(const std::string& name, const std::string& text) const { std::ofstream{file(name)} << text; }
  void write(const Credentials& identity, const std::string& who) const {
    write(who + ".pem", identity.certificate);
    write(who + ".key", identity.key);
  }

  support::TemporaryFolder folder_;
};

TEST_F(ForeignTls, pythons_client_gets_every_message_and_a_clean_end) {
  asio::io_context context;
  Listener listener{context, "tls://127.0.0.1:0", listener_options()};
  ChildProcess program{python("client", address_of(listener.local_endpoint()))};
  const ChildResult result = finish(context, echo_one(listener), program);
  EXPECT_EQ(result.code, 0) << result.errors;
}

TEST_F(ForeignTls, pythons_server_returns_every_message_and_sees_a_clean_end) {
  asio::io_context context;
  ChildProcess program{python("server", "127.0.0.1:0")};
  const Endpoint where = listening_endpoint(program, "tls://127.0.0.1:0");
  bool all_came_back = false;
  ConnectOptions options;
  options.tls(TlsContext::client(identified_as("client").alpn({"parley"})));
  const ChildResult result = finish(context, ask_one(where, options, all_came_back), program);
  EXPECT_TRUE(all_came_back);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "alice\n");
}

TEST_F(ForeignTls, openssls_client_talks_lines) {
  asio::io_context context;
  ListenerOptions options = listener_options();
  options.connection.framing = Separator{"\n"};
  Listener listener{context, "tls://127.0.0.1:0", options};
  ChildProcess program{{"openssl", "s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-verify_hostname",
                        "localhost", "-CAfile", file("ca.pem"), "-cert", file("client.pem"), "-key", file("client.key"),
                        "-alpn", "parley", "-connect", address_of(listener.local_endpoint())}};
  program.type("hello\n");
  std::vector<std::string> received;
  const auto talk = [](Listener& at, std::vector<std::string>& into) -> asio::awaitable<void> {
    Connection peer = co_await at.accept(support::hang_bound);
    const Message hello = co_await peer.receive();
    into.emplace_back(hello.text());
    co_await peer.send("hello yourself");
    co_await peer.close(support::hang_bound);
  };
  const ChildResult result = finish(context, talk(listener, received), program);
  EXPECT_EQ(received, std::vector<std::string>{"hello"});
  EXPECT_NE(result.output.find("hello yourself\n"), std::string::npos) << result.output << result.errors;
}

TEST_F(ForeignTls, openssls_server_talks_lines) {
  asio::io_context context;
  asio::ip::tcp::acceptor free_port{context, {asio::ip::address_v4::loopback(), 0}};
  const std::uint16_t port = free_port.local_endpoint().port();
  free_port.close();
  ChildProcess program{{"openssl", "s_server", "-quiet", "-naccept", "1", "-Verify", "2", "-CAfile", file("ca.pem"),
                        "-cert", file("server.pem"), "-key", file("server.key"), "-accept",
                        "127.0.0.1:" + std::to_string(port)}};
  program.type("hello from the server\n");
  std::string received;
  const auto talk = [](Endpoint where, TlsContext tls, std::string& into) -> asio::awaitable<void> {
    ConnectOptions options;
    options.tls(tls).framing(Separator{"\n"});
    // It does not say when it listens.
    Connection peer;
    for (int tries = 0; !peer; ++tries) {
      try {
        peer = co_await connect(where, options);
      } catch (const Error& e) {
        if (tries == 1000 || e.code() != asio::error::connection_refused) throw;
      }
    }
    const Message line = co_await peer.receive();
    into = line.text();
    co_await peer.send("hello from the client");
    co_await peer.close(support::hang_bound);
  };
  const ChildResult result = finish(
      context,
      talk(Endpoint{"tls://localhost:" + std::to_string(port)}, TlsContext::client(identified_as("client")), received),
      program);
  EXPECT_EQ(received, "hello from the server");
  EXPECT_NE(result.output.find("hello from the client\n"), std::string::npos) << result.output << result.errors;
}

TEST_F(ForeignTls, openssls_client_talks_to_the_tool) {
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "listen", "tls://127.0.0.1:0", "--framing", "separator", "--echo",
                     "--count", "1", "--tls-cert", file("server.pem"), "--tls-key", file("server.key"), "--tls-ca",
                     file("ca.pem")}};
  const Endpoint where = listening_endpoint(tool, "tls://127.0.0.1:0");
  ChildProcess client{{"openssl", "s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-verify_ip",
                       "127.0.0.1", "-CAfile", file("ca.pem"), "-cert", file("client.pem"), "-key", file("client.key"),
                       "-connect", address_of(where)}};
  client.type("hello\n");
  const ChildResult served = tool.wait();
  EXPECT_EQ(served.code, 0) << served.errors;
  EXPECT_EQ(served.output, "hello\n");
  const ChildResult asked = client.wait();
  EXPECT_NE(asked.output.find("hello\n"), std::string::npos) << asked.output << asked.errors;
}

TEST_F(ForeignTls, the_tool_talks_to_openssls_server) {
  // It answers each line with the line reversed, and says on standard output where it listens.
  ChildProcess server{{"sh", "-c", "exec openssl s_server \"$@\" >&2", "sh", "-rev", "-naccept", "1", "-Verify", "2",
                       "-CAfile", file("ca.pem"), "-cert", file("server.pem"), "-key", file("server.key"), "-accept",
                       "127.0.0.1:0"}};
  const std::string line = server.error_line_with("ACCEPT ");
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "connect", "tls://localhost" + line.substr(line.rfind(':')), "hello",
                     "--framing", "separator", "--count", "1", "--tls-ca", file("ca.pem"), "--tls-cert",
                     file("client.pem"), "--tls-key", file("client.key")}};
  const ChildResult asked = tool.wait();
  EXPECT_EQ(asked.code, 0) << asked.errors;
  EXPECT_EQ(asked.output, "olleh\n");
}

}  // namespace
}  // namespace parley::interop
