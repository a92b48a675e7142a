// The commands of docs/guide/11-tls.md, run as they stand there, and a connection with what they make.
#include "interop/echoing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace parley::interop {
namespace {

parley::TlsContext server_context(const std::string& folder) {
  return parley::TlsContext::server(parley::TlsOptions{}
                                        .certificate_file(folder + "/server.pem")
                                        .key_file(folder + "/server.key")
                                        .ca_file(folder + "/ca.pem")
                                        .client_certificate(parley::ClientCertificate::required));
}

parley::TlsContext client_context(const std::string& folder) {
  return parley::TlsContext::client(parley::TlsOptions{}
                                        .ca_file(folder + "/ca.pem")
                                        .certificate_file(folder + "/client.pem")
                                        .key_file(folder + "/client.key"));
}

/// All ```sh blocks of a document, one after the other.
std::string shell_blocks(const std::string& document) {
  std::ifstream in{document};
  std::string blocks;
  bool is_inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      is_inside = line == "```sh";
    } else if (is_inside) {
      blocks += line + '\n';
    }
  }
  return blocks;
}

class GuidesCertificates : public testing::Test {
 protected:
  [[nodiscard]] support::ChildResult make() const {
    const std::string commands = shell_blocks(PARLEY_SOURCE_DIR "/docs/guide/11-tls.md");
    EXPECT_THAT(commands, testing::HasSubstr("openssl req -x509"));
    support::ChildProcess shell{{"sh", "-eu", "-c", "cd " + folder() + "\n" + commands}};
    return shell.wait();
  }
  [[nodiscard]] std::string folder() const { return files_.file(""); }

 private:
  support::TemporaryFolder files_;
};

TEST_F(GuidesCertificates, are_good_for_both_sides) {
  const support::ChildResult made = make();
  ASSERT_EQ(made.code, 0) << made.errors;
  EXPECT_THAT(made.output, testing::HasSubstr("server.pem: OK\nclient.pem: OK\n"));

  asio::io_context context;
  ListenerOptions listening;
  listening.transport.tls = server_context(folder());
  Listener listener{context, "tls://127.0.0.1:0", listening};
  std::string client_name;
  std::string server_name;
  const auto serve_one = [](Listener& at, std::string& name) -> asio::awaitable<void> {
    Connection peer = co_await at.accept(support::hang_bound);
    name = peer.tls_info()->peer_subject;
    co_await peer.send(co_await peer.receive());
    co_await peer.close(support::hang_bound);
  };
  const auto ask = [](Endpoint where, TlsContext tls, std::string& name) -> asio::awaitable<void> {
    Connection peer = co_await connect(where, ConnectOptions{}.tls(tls));
    name = peer.tls_info()->peer_subject;
    co_await peer.send("hello");
    const Message answer = co_await peer.receive();
    EXPECT_EQ(answer, "hello");
  };
  asio::co_spawn(context, serve_one(listener, client_name), asio::detached);
  const Endpoint where = Endpoint{"tls://localhost:1"}.with_port(listener.local_endpoint().port());
  ASSERT_TRUE(support::run_coroutine(context, ask(where, client_context(folder()), server_name)));
  EXPECT_EQ(client_name, "CN=alice,O=Example");
  EXPECT_EQ(server_name, "CN=localhost");
}

}  // namespace
}  // namespace parley::interop
