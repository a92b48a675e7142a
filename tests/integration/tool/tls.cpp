// tls:// and wss:// endpoints of the tool, and its --tls options.
#include "tool_process.hpp"

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
using Words = std::vector<std::string>;

/// Files as a user has them: ca.pem; server.pem and alice.pem, and the keys of these.
class ToolTls : public ::testing::Test {
 protected:
  ToolTls() {
    const CertificateAuthority authority{"Test Authority"};
    write("ca.pem", authority.certificate());
    write("server", authority.issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}}));
    write("other", authority.issue({"other", {"DNS:other.example"}}));
    write("alice", authority.issue({"alice"}));
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{file(name)} << text; }
  void write(const std::string& who, const Credentials& identity) const {
    write(who + ".pem", identity.certificate);
    write(who + ".key", identity.key);
  }

  [[nodiscard]] Words listen(const std::string& endpoint, const Words& more = {}, const std::string& who = "server") {
    return joined({"listen", endpoint, "--tls-cert", file(who + ".pem"), "--tls-key", file(who + ".key")}, more);
  }
  [[nodiscard]] Words trusting() const { return {"--tls-ca", file("ca.pem")}; }
  [[nodiscard]] static Words joined(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// One question.
  static ToolResult ask(ToolProcess& listener, const Words& more) {
    return run_tool(joined({"connect", listener.listening_endpoint(), "hello", "--count", "1"}, more));
  }

 private:
  support::TemporaryFolder folder_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(ToolTls, two_of_them_talk) {
  for (const char* const endpoint : {"tls://127.0.0.1:0", "wss://127.0.0.1:0/chat"}) {
    ToolProcess listener{listen(endpoint, {"--echo"})};
    const ToolResult result = ask(listener, trusting());
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(result.output, "hello\n");
  }
}

TEST_F(ToolTls, leaves_in_order_when_the_input_ends) {
  for (const char* const endpoint : {"tls://127.0.0.1:0", "wss://127.0.0.1:0/chat"}) {
    ToolProcess listener{listen(endpoint, {"--once"})};
    const ToolResult result =
        run_tool(joined({"connect", listener.listening_endpoint(), "--wait", "0"}, trusting()), "only this");
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(listener.wait(), 0) << listener.errors();
    EXPECT_EQ(listener.output(), "only this\n");
  }
}

TEST_F(ToolTls, a_key_may_be_in_the_file_of_its_certificate) {
  std::ofstream{file("server.pem"), std::ios::app} << std::ifstream{file("server.key")}.rdbuf();
  ToolProcess listener{{"listen", "tls://127.0.0.1:0", "--echo", "--tls-cert", file("server.pem")}};
  EXPECT_EQ(ask(listener, trusting()).output, "hello\n");
}

TEST_F(ToolTls, a_server_that_is_not_trusted_is_refused_and_both_say_so) {
  ToolProcess listener{listen("tls://127.0.0.1:0", {"--echo"})};
  const ToolResult result = ask(listener, {});
  EXPECT_EQ(result.code, 5);
  EXPECT_TRUE(has(result.errors, "is issued by CN=Test Authority, which is not trusted here")) << result.errors;
  EXPECT_TRUE(has(listener.error_line_with("turned away"), "the client refused this server's certificate"));
}

TEST_F(ToolTls, a_server_that_is_not_trusted_is_talked_to_only_on_demand) {
  ToolProcess listener{listen("tls://127.0.0.1:0", {"--echo"})};
  EXPECT_EQ(ask(listener, {"--tls-accept-any"}).output, "hello\n");
}

TEST_F(ToolTls, another_name_can_be_expected) {
  ToolProcess listener{listen("tls://127.0.0.1:0", {"--echo"}, "other")};
  const ToolResult refused = ask(listener, trusting());
  EXPECT_EQ(refused.code, 5);
  EXPECT_TRUE(has(refused.errors, "is for other.example, not for 127.0.0.1")) << refused.errors;
  EXPECT_EQ(ask(listener, joined(trusting(), {"--tls-server-name", "other.example"})).output, "hello\n");
}

TEST_F(ToolTls, clients_show_a_certificate_where_one_is_asked_for) {
  ToolProcess listener{listen("tls://127.0.0.1:0", joined({"--echo"}, trusting()))};
  const ToolResult refused = ask(listener, trusting());
  EXPECT_EQ(refused.code, 5);
  EXPECT_TRUE(has(refused.errors, "the server refused a client without a certificate")) << refused.errors;
  EXPECT_TRUE(has(listener.error_line_with("turned away"), "the client sent no certificate, and one is required"));
  const ToolResult accepted =
      ask(listener, joined(trusting(), {"--tls-cert", file("alice.pem"), "--tls-key", file("alice.key")}));
  EXPECT_EQ(accepted.code, 0) << accepted.errors;
  EXPECT_EQ(accepted.output, "hello\n");
}

TEST_F(ToolTls, a_peer_that_is_turned_away_is_an_event_of_json) {
  ToolProcess listener{listen("tls://127.0.0.1:0", {"--json"})};
  const std::string line = listener.output_line_with("listening");
  const std::string endpoint = line.substr(line.find("tls://"), line.rfind('"') - line.find("tls://"));
  EXPECT_EQ(run_tool({"connect", endpoint}).code, 5);
  EXPECT_EQ(listener.output_line_with("turned away").find(R"({"event":"warning","message":"a peer was turned away: )"),
            0U);
}

TEST_F(ToolTls, listening_needs_a_certificate) {
  for (const char* const endpoint : {"tls://127.0.0.1:0", "wss://127.0.0.1:0/"}) {
    const ToolResult result = run_tool({"listen", endpoint});
    EXPECT_EQ(result.code, 2);
    EXPECT_TRUE(has(result.errors, std::string{"listening on "} + endpoint + " needs a certificate: --tls-cert PATH"))
        << result.errors;
  }
}

TEST_F(ToolTls, files_that_cannot_be_used_are_named) {
  const ToolResult missing = run_tool({"listen", "tls://127.0.0.1:0", "--tls-cert", file("nothing.pem")});
  EXPECT_EQ(missing.code, 1);
  EXPECT_TRUE(has(missing.errors, file("nothing.pem")) && has(missing.errors, "no such file")) << missing.errors;
  const ToolResult foreign = run_tool({"connect", "tls://127.0.0.1:1", "--tls-ca", file("server.key")});
  EXPECT_EQ(foreign.code, 1);
  EXPECT_TRUE(has(foreign.errors, file("server.key"))) << foreign.errors;
  const ToolResult mismatch =
      run_tool({"listen", "tls://127.0.0.1:0", "--tls-cert", file("server.pem"), "--tls-key", file("alice.key")});
  EXPECT_EQ(mismatch.code, 1);
  EXPECT_TRUE(has(mismatch.errors, file("alice.key"))) << mismatch.errors;
}

TEST_F(ToolTls, options_that_make_no_sense_are_refused) {
  const std::vector<std::pair<Words, std::string>> refusals{
      {{"connect", "tcp://127.0.0.1:1", "--tls-ca", "x"},
       "--tls-ca is for tls://, wss://, mux+tls:// and amqps://, not for tcp://127.0.0.1:1"},
      {{"listen", "ws://127.0.0.1:0", "--tls-cert", "x"},
       "--tls-cert is for tls://, wss://, mux+tls:// and amqps://, not for ws://127.0.0.1:0"},
      {{"connect", "tls://127.0.0.1:1", "--tls-key", "x"}, "--tls-key is the key of a certificate"},
      {{"connect", "tls://127.0.0.1:1", "--tls-ca", ""}, "need the path of a file"},
      {{"connect", "tls://127.0.0.1:1", "--tls-server-name", ""}, "--tls-server-name needs a name"},
      {{"connect", "tls://127.0.0.1:1", "--tls-accept-any", "--tls-ca", "x"}, "--tls-ca has no use beside it"},
      {{"listen", "tls://127.0.0.1:0", "--tls-cert", "x", "--tls-accept-any"}, "there is no option --tls-accept-any"},
      {{"connect", "tls://127.0.0.1:1", "--framing", "eof"}, "cannot end one alone"},
  };
  for (const auto& [arguments, sentence] : refusals) {
    const ToolResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_TRUE(has(result.errors, sentence)) << result.errors;
  }
}

TEST_F(ToolTls, a_file_that_is_missing_is_no_missing_peer) {
  const ToolResult result = run_tool({"connect", "tls://127.0.0.1:1", "--tls-ca", file("none.pem")});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(has(result.errors, "cannot read the authorities file " + file("none.pem"))) << result.errors;
}

TEST_F(ToolTls, another_protocol_inside_of_tls_is_a_refusal) {
  ToolProcess listener{listen("tls://127.0.0.1:0")};
  std::string endpoint = listener.listening_endpoint();
  const ToolResult result = run_tool(joined({"connect", endpoint.replace(0, 3, "wss"), "hello"}, trusting()));
  EXPECT_EQ(result.code, 5) << result.errors;
}

}  // namespace
}  // namespace parley::test
