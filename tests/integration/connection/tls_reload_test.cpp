// The certificate of a listener is replaced while it listens.
#include "support/certificates.hpp"
#include "support/connection_results.hpp"
#include "support/temporary_folder.hpp"

#include <parley/connection/serve.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace parley {
namespace {

namespace asio = boost::asio;
using support::CertificateAuthority;
using support::Credentials;
using support::run_coroutine;

asio::awaitable<void> echo(Connection peer) {
  while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
}

class TlsReload : public ::testing::Test {
 protected:
  TlsReload() {
    install("first");
    options_.transport.tls = context_of_server = TlsContext::server(
        TlsOptions{}.certificate_file(folder.file("server.pem")).key_file(folder.file("server.key")));
    listener.emplace(context, "tls://127.0.0.1:0", options_);
    asio::co_spawn(context, serve(*listener, echo), [](std::exception_ptr) {});
  }

  /// As a program that renews certificates does: over the files there are.
  void install(const std::string& name) {
    const Credentials identity = authority.issue({name, {"IP:127.0.0.1"}});
    std::ofstream{folder.file("server.pem")} << identity.certificate;
    std::ofstream{folder.file("server.key")} << identity.key;
  }

  Connection connected() {
    ConnectOptions how;
    how.tls(TlsContext::client(TlsOptions{}.ca(authority.certificate())));
    Connection made;
    EXPECT_TRUE(run_coroutine(context, dial(listener->local_endpoint(), how, made)));
    return made;
  }
  static asio::awaitable<void> dial(Endpoint where, ConnectOptions how, Connection& made) {
    made = co_await connect(where, how);
  }

  std::string answer_to(Connection& peer, const std::string& question) {
    std::string answer;
    EXPECT_TRUE(run_coroutine(context, ask(peer, question, answer)));
    return answer;
  }
  static asio::awaitable<void> ask(Connection& peer, std::string question, std::string& answer) {
    co_await peer.send(question);
    const Message message = co_await peer.receive();
    answer = message.text();
  }

  static std::string subject(const Connection& peer) { return peer.tls_info()->peer_subject; }

  const CertificateAuthority authority{"Test Authority"};
  support::TemporaryFolder folder;
  TlsContext context_of_server;
  asio::io_context context;
  std::optional<Listener> listener;

 private:
  ListenerOptions options_;
};

TEST_F(TlsReload, gives_the_new_certificate_to_new_connections_and_leaves_old_ones_alone) {
  Connection before = connected();
  EXPECT_EQ(subject(before), "CN=first");
  install("second");
  EXPECT_EQ(subject(connected()), "CN=first") << "files are read when that is asked for";
  context_of_server.reload();
  Connection after = connected();
  EXPECT_EQ(subject(after), "CN=second");
  EXPECT_EQ(answer_to(before, "still there?"), "still there?");
  EXPECT_EQ(subject(before), "CN=first");
  EXPECT_EQ(answer_to(after, "and here?"), "and here?");
}

TEST_F(TlsReload, of_files_that_are_no_good_changes_nothing) {
  Connection before = connected();
  std::ofstream{folder.file("server.pem")} << "half a certifi";
  EXPECT_THROW(context_of_server.reload(), Error);
  Connection after = connected();
  EXPECT_EQ(subject(after), "CN=first");
  EXPECT_EQ(answer_to(before, "still there?"), "still there?");
  EXPECT_EQ(answer_to(after, "and here?"), "and here?");
}

}  // namespace
}  // namespace parley
