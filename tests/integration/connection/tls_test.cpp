// tls:// endpoints: connect and Listener, certificates of every kind, and what both sides say about them.
#include "support/accept_all.hpp"
#include "support/certificates.hpp"
#include "support/connection_results.hpp"
#include "support/run_context.hpp"

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::CertificateAuthority;
using support::CertificateRequest;
using support::Credentials;
using support::run_until;
using support::test_authority;
using namespace std::chrono_literals;

const CertificateAuthority& stranger() {
  static const CertificateAuthority made{"Stranger"};
  return made;
}

TlsOptions identified_by(const Credentials& identity) {
  return TlsOptions{}.certificate(identity.certificate).key(identity.key);
}
TlsOptions ordinary_server() {
  static const Credentials identity = test_authority().issue({"localhost", {"DNS:localhost", "IP:127.0.0.1"}});
  return identified_by(identity);
}
TlsOptions ordinary_client() { return TlsOptions{}.ca(test_authority().certificate()); }
TlsOptions mutual_server() {
  return ordinary_server().ca(test_authority().certificate()).client_certificate(ClientCertificate::required);
}

/// What the library warns of while this lives.
class LogRecord {
 public:
  LogRecord() {
    set_log_hook([this](LogLevel level, std::string_view text, std::string_view) {
      if (level != LogLevel::warning) return;
      const std::lock_guard lock{mutex_};
      lines_.emplace_back(text);
    });
  }
  ~LogRecord() { set_log_hook({}); }

  /// The first line, without the client's port.
  [[nodiscard]] std::string first() const {
    const std::lock_guard lock{mutex_};
    return lines_.empty() ? "" : std::regex_replace(lines_.front(), std::regex{R"(:\d+\)$)"}, ":*)");
  }
  [[nodiscard]] bool empty() const { return first().empty(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A connection attempt, seen from both sides.
struct Outcome {
  std::string client;  ///< what it was told, at the latest by its first receive; empty if all went well
  std::string server;
  error_code client_code;
};

asio::awaitable<void> try_to_talk(Endpoint where, TlsOptions options, std::optional<Outcome>& outcome) {
  Outcome seen;
  const TlsContext tls = TlsContext::client(options);
  try {
    Connection peer = co_await connect(where, ConnectOptions{}.tls(tls));
    co_await peer.receive(500ms);
  } catch (const Error& e) {
    if (e.code() != error::timed_out) seen.client = e.what();
    seen.client_code = e.code();
  }
  outcome = seen;
}

std::string without_port(std::string text, const Endpoint& where) {
  const std::string port = ":" + std::to_string(where.port());
  for (auto at = text.find(port); at != std::string::npos; at = text.find(port)) text.replace(at, port.size(), ":*");
  return text;
}

Outcome meet(const TlsOptions& server, const TlsOptions& client, const std::string& host = "localhost") {
  asio::io_context context;
  const LogRecord log;
  ListenerOptions options;
  options.transport.tls = TlsContext::server(server);
  Listener listener{context, "tls://127.0.0.1:0", options};
  std::vector<Connection> peers;
  asio::co_spawn(context, support::accept_all(listener, peers), asio::detached);
  std::optional<Outcome> outcome;
  const Endpoint where = Endpoint{"tls://" + host + ":1"}.with_port(listener.local_endpoint().port());
  asio::co_spawn(context, try_to_talk(where, client, outcome), asio::detached);
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  if (!outcome->client.empty()) {
    EXPECT_TRUE(run_until(context, [&] { return !log.empty(); }));
  }
  outcome->client = without_port(outcome->client, where);
  outcome->server = log.first();
  return *outcome;
}

TEST(TlsEndpoint, talks_when_all_is_well) {
  EXPECT_EQ(meet(ordinary_server(), ordinary_client()).client, "");
  EXPECT_EQ(meet(ordinary_server(), ordinary_client(), "127.0.0.1").client, "");
}

TEST(TlsEndpoint, an_expired_certificate) {
  const Outcome seen =
      meet(identified_by(test_authority().issue({"localhost", {"DNS:localhost"}, -240h, -48h})), ordinary_client());
  EXPECT_EQ(seen.client_code, error::untrusted_peer);
  EXPECT_EQ(seen.client.substr(0, 99),
            "cannot connect to tls://localhost:*: the server's certificate (CN=localhost) expired on " +
                support::day_text(-48h) + " ")
      << seen.client;
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client refused this server's certificate, because it has expired "
            "(TLS alert certificate_expired) (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_certificate_that_is_not_valid_yet) {
  const Outcome seen =
      meet(identified_by(test_authority().issue({"localhost", {"DNS:localhost"}, 48h, 240h})), ordinary_client());
  EXPECT_EQ(seen.client_code, error::untrusted_peer);
  EXPECT_EQ(seen.client.substr(0, 108),
            "cannot connect to tls://localhost:*: the server's certificate (CN=localhost) is not valid before " +
                support::day_text(48h) + " ")
      << seen.client;
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client refused this server's certificate, because it is for another host, "
            "not valid yet or damaged (TLS alert bad_certificate) (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_certificate_for_another_host) {
  const Outcome seen =
      meet(identified_by(test_authority().issue({"a", {"DNS:a.example", "DNS:*.b.example", "IP:10.0.0.1"}})),
           ordinary_client());
  EXPECT_EQ(seen.client_code, error::untrusted_peer);
  EXPECT_EQ(seen.client,
            "cannot connect to tls://localhost:*: the server's certificate is for a.example, *.b.example, 10.0.0.1, "
            "not for localhost");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client refused this server's certificate, because it is for another host, "
            "not valid yet or damaged (TLS alert bad_certificate) (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_certificate_for_another_address) {
  const Outcome seen =
      meet(identified_by(test_authority().issue({"a", {"DNS:localhost"}})), ordinary_client(), "127.0.0.1");
  EXPECT_EQ(seen.client,
            "cannot connect to tls://127.0.0.1:*: the server's certificate is for localhost, not for 127.0.0.1");
}

TEST(TlsEndpoint, an_issuer_that_is_not_trusted) {
  const Outcome seen = meet(identified_by(stranger().issue({"localhost", {"DNS:localhost"}})), ordinary_client());
  EXPECT_EQ(seen.client_code, error::untrusted_peer);
  EXPECT_EQ(seen.client,
            "cannot connect to tls://localhost:*: the server's certificate (CN=localhost) is issued by CN=Stranger, "
            "which is not trusted here");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client refused this server's certificate, because it does not trust the "
            "issuer (TLS alert unknown_ca) (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_self_signed_certificate) {
  const Outcome seen = meet(identified_by(support::self_signed({"localhost", {"DNS:localhost"}})), ordinary_client());
  EXPECT_EQ(seen.client_code, error::untrusted_peer);
  EXPECT_EQ(seen.client,
            "cannot connect to tls://localhost:*: the server's certificate (CN=localhost) is self-signed and not "
            "trusted here");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client refused this server's certificate, because it does not trust the "
            "issuer (TLS alert unknown_ca) (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_chain_that_ends_in_an_untrusted_root) {
  Credentials chain = stranger().issue({"localhost", {"DNS:localhost"}});
  chain.certificate += stranger().certificate();
  EXPECT_EQ(meet(identified_by(chain), ordinary_client()).client,
            "cannot connect to tls://localhost:*: the server's certificate is issued by CN=Stranger, which is not "
            "trusted here");
}

TEST(TlsEndpoint, the_systems_authorities_do_not_know_ours) {
  EXPECT_EQ(meet(ordinary_server(), TlsOptions{}).client_code, error::untrusted_peer);
}

TEST(TlsEndpoint, any_certificate_is_accepted_only_on_demand) {
  EXPECT_EQ(
      meet(identified_by(support::self_signed({"whoever"})), TlsOptions{}.dangerously_accept_any_certificate()).client,
      "");
}

TEST(TlsEndpoint, another_name_can_be_expected) {
  const auto server = identified_by(test_authority().issue({"a", {"DNS:a.example"}}));
  EXPECT_EQ(meet(server, ordinary_client().server_name("a.example")).client, "");
}

TEST(TlsEndpoint, a_missing_client_certificate) {
  const Outcome seen = meet(mutual_server(), ordinary_client());
  EXPECT_EQ(seen.client_code, error::refused_by_peer);
  EXPECT_EQ(seen.client,
            "the server refused a client without a certificate (TLS alert certificate_required) "
            "(tls://127.0.0.1:*)");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client sent no certificate, and one is required (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_client_certificate_of_a_stranger) {
  const Credentials alice = stranger().issue({"alice"});
  const Outcome seen = meet(mutual_server(), identified_by(alice).ca(test_authority().certificate()));
  EXPECT_EQ(seen.client_code, error::refused_by_peer);
  EXPECT_EQ(seen.client,
            "the server refused this client's certificate, because it does not trust the issuer (TLS alert "
            "unknown_ca) (tls://127.0.0.1:*)");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client's certificate (CN=alice) is issued by CN=Stranger, which is not "
            "trusted here (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, an_expired_client_certificate) {
  const Credentials alice = test_authority().issue({"alice", {}, -240h, -48h});
  const Outcome seen = meet(mutual_server(), identified_by(alice).ca(test_authority().certificate()));
  EXPECT_EQ(seen.client,
            "the server refused this client's certificate, because it has expired (TLS alert certificate_expired) "
            "(tls://127.0.0.1:*)");
  EXPECT_EQ(seen.server.substr(0, 71), "a peer was turned away: the client's certificate (CN=alice) expired on ");
}

TEST(TlsEndpoint, a_client_certificate_that_is_not_valid_yet) {
  const Credentials alice = test_authority().issue({"alice", {}, 48h, 240h});
  const Outcome seen = meet(mutual_server(), identified_by(alice).ca(test_authority().certificate()));
  EXPECT_EQ(seen.client_code, error::refused_by_peer);
  EXPECT_EQ(seen.client,
            "the server refused this client's certificate, because it is not valid yet or damaged (TLS alert "
            "bad_certificate) (tls://127.0.0.1:*)");
  EXPECT_EQ(seen.server.substr(0, 80),
            "a peer was turned away: the client's certificate (CN=alice) is not valid before ");
}

TEST(TlsEndpoint, a_self_signed_client_certificate) {
  const Credentials alice = support::self_signed({"alice"});
  const Outcome seen = meet(mutual_server(), identified_by(alice).ca(test_authority().certificate()));
  EXPECT_EQ(seen.client_code, error::refused_by_peer);
  EXPECT_EQ(seen.client,
            "the server refused this client's certificate, because it does not trust the issuer (TLS alert "
            "unknown_ca) (tls://127.0.0.1:*)");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client's certificate (CN=alice) is self-signed and not trusted here "
            "(tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, no_application_protocol_in_common) {
  const Outcome seen = meet(ordinary_server().alpn({"a", "b"}), ordinary_client().alpn({"c"}));
  EXPECT_EQ(seen.client_code, error::refused_by_peer);
  EXPECT_EQ(seen.client,
            "cannot connect to tls://localhost:*: the server refused every application protocol this client speaks "
            "(c) (TLS alert no_application_protocol)");
  EXPECT_EQ(seen.server,
            "a peer was turned away: the client speaks none of the application protocols a, b (tls://127.0.0.1:*)");
}

/// A peer that speaks nothing newer than `newest`.
class OldPeer {
 public:
  OldPeer(const SSL_METHOD* method, int newest) : context_{SSL_CTX_new(method)} {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, newest);
    SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
  }
  ~OldPeer() { SSL_CTX_free(context_); }

  /// Blocking; ends when the other side does.
  void talk(int descriptor, bool as_server) {
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, descriptor);
    as_server ? SSL_accept(ssl) : SSL_connect(ssl);
    SSL_free(ssl);
  }
  void use(const Credentials& identity) {
    BIO* pem = BIO_new_mem_buf(identity.certificate.data(), -1);
    X509* const certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, certificate);
    X509_free(certificate);
    BIO_free(pem);
    pem = BIO_new_mem_buf(identity.key.data(), -1);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_, key);
    EVP_PKEY_free(key);
    BIO_free(pem);
  }

 private:
  SSL_CTX* context_;
};

/// What is logged of a client that speaks nothing newer than `newest`.
std::string refusal_of_client(const TlsOptions& server, int newest) {
  asio::io_context context;
  const LogRecord log;
  ListenerOptions options;
  options.transport.tls = TlsContext::server(server);
  Listener listener{context, "tls://127.0.0.1:0", options};
  std::vector<Connection> peers;
  asio::co_spawn(context, support::accept_all(listener, peers), asio::detached);
  std::thread old{[port = listener.local_endpoint().port(), newest] {
    asio::io_context own;
    asio::ip::tcp::socket socket{own};
    socket.connect({asio::ip::address_v4::loopback(), port});
    OldPeer{TLS_client_method(), newest}.talk(socket.native_handle(), false);
  }};
  EXPECT_TRUE(run_until(context, [&] { return !log.empty(); }));
  listener.close();
  EXPECT_TRUE(support::run_to_end(context));
  old.join();
  return log.first();
}

TEST(TlsEndpoint, a_client_with_too_old_a_protocol) {
  EXPECT_EQ(refusal_of_client(ordinary_server(), TLS1_1_VERSION),
            "a peer was turned away: the client offers only versions of TLS that are too old; at least TLS 1.2 is "
            "required here (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, a_server_with_too_old_a_protocol) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  std::thread old{[&] {
    asio::io_context own;
    asio::ip::tcp::socket socket = acceptor.accept(own);
    OldPeer peer{TLS_server_method(), TLS1_1_VERSION};
    peer.use(test_authority().issue({"localhost", {"DNS:localhost"}}));
    peer.talk(socket.native_handle(), true);
  }};
  std::optional<Outcome> outcome;
  const Endpoint where = Endpoint{"tls://localhost:1"}.with_port(acceptor.local_endpoint().port());
  asio::co_spawn(context, try_to_talk(where, ordinary_client(), outcome), asio::detached);
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  old.join();
  EXPECT_EQ(without_port(outcome->client, where),
            "cannot connect to tls://localhost:*: the server refused every TLS version this client speaks (TLS alert "
            "protocol_version)");
}

TEST(TlsEndpoint, a_server_that_wants_1_3_and_a_client_that_has_only_1_2) {
  EXPECT_EQ(refusal_of_client(ordinary_server().minimum_version(TlsVersion::v1_3), TLS1_2_VERSION),
            "a peer was turned away: the client offers only versions of TLS that are too old; at least TLS 1.3 is "
            "required here (tls://127.0.0.1:*)");
}

TEST(TlsEndpoint, silent_and_babbling_clients_hold_nobody_up) {
  asio::io_context context;
  const LogRecord log;
  ListenerOptions options;
  options.transport.tls = TlsContext::server(ordinary_server());
  options.transport.handshake_time_max = 50ms;
  Listener listener{context, "tls://127.0.0.1:0", options};
  std::vector<Connection> peers;
  asio::co_spawn(context, support::accept_all(listener, peers), asio::detached);
  std::vector<asio::ip::tcp::socket> silent;
  for (int i = 0; i < 20; ++i) {
    silent.emplace_back(context).connect({asio::ip::address_v4::loopback(), listener.local_endpoint().port()});
  }
  std::optional<Outcome> outcome;
  asio::co_spawn(context,
                 try_to_talk(Endpoint{"tls://localhost:1"}.with_port(listener.local_endpoint().port()),
                             ordinary_client(), outcome),
                 asio::detached);
  EXPECT_TRUE(run_until(context, [&] { return !peers.empty() && !log.empty(); }));
  EXPECT_EQ(log.first(), "a peer was turned away: the TLS handshake was not done within 50 ms (tls://127.0.0.1:*)");
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->client, "");
}

TEST(TlsEndpoint, a_server_that_does_not_speak_tls) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket socket{context};
  acceptor.async_accept(socket,
                        [&](error_code) { asio::write(socket, asio::buffer("220 mail.example ESMTP\r\n", 24)); });
  std::optional<Outcome> outcome;
  const Endpoint where = Endpoint{"tls://127.0.0.1:1"}.with_port(acceptor.local_endpoint().port());
  asio::co_spawn(context, try_to_talk(where, ordinary_client(), outcome), asio::detached);
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  EXPECT_EQ(without_port(outcome->client, where),
            "cannot connect to tls://127.0.0.1:*: the server does not speak TLS; it began with \"220 mail.example\"");
}

asio::awaitable<void> echo_once(Listener& listener, std::shared_ptr<const TlsInfo>& seen) {
  Connection peer = co_await listener.accept();
  seen = peer.tls_info();
  while (std::optional<Message> m = co_await peer.next()) co_await peer.send(*m);
}

asio::awaitable<CloseReport> ask(Endpoint where, TlsOptions options, std::string question, std::string& answer) {
  const TlsContext tls = TlsContext::client(options);
  Connection peer = co_await connect(where, ConnectOptions{}.tls(tls));
  co_await peer.send(question);
  Message m = co_await peer.receive();
  answer = m.text();
  co_return co_await peer.close();
}

TEST(TlsEndpoint, mutual_tls_tells_who_the_client_is) {
  asio::io_context context;
  ListenerOptions options;
  options.transport.tls = TlsContext::server(mutual_server());
  Listener listener{context, "tls://127.0.0.1:0", options};
  EXPECT_EQ(to_string(listener.local_endpoint().scheme()), "tls");
  std::shared_ptr<const TlsInfo> seen;
  std::exception_ptr server_failure = std::make_exception_ptr(0);
  asio::co_spawn(context, echo_once(listener, seen), [&](std::exception_ptr e) { server_failure = e; });
  std::string answer;
  std::optional<CloseReport> report;
  const Credentials alice = test_authority().issue({"alice", {"email:alice@example.org"}});
  asio::co_spawn(context,
                 ask(listener.local_endpoint(), identified_by(alice).ca(test_authority().certificate()),
                     std::string(300'000, 'q'), answer),
                 [&](std::exception_ptr, CloseReport closed) { report = closed; });
  EXPECT_TRUE(support::run_to_end(context));
  EXPECT_EQ(server_failure, nullptr) << "the end was not clean";
  EXPECT_EQ(answer, std::string(300'000, 'q'));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->all_arrived());
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->peer_verified);
  EXPECT_EQ(seen->peer_subject, "CN=alice");
  EXPECT_EQ(seen->peer_names, std::vector<std::string>{"alice@example.org"});
}

TEST(TlsEndpoint, a_framing_that_ends_with_its_direction_is_refused) {
  asio::io_context context;
  ListenerOptions options;
  options.transport.tls = TlsContext::server(ordinary_server());
  options.connection.framing = UntilEof{};
  EXPECT_THROW((Listener{context, "tls://127.0.0.1:0", options}), std::invalid_argument);
  EXPECT_THROW(connect(context.get_executor(), "tls://127.0.0.1:1", ConnectOptions{}.framing(UntilEof{}),
                       [](error_code, Connection) {}),
               std::invalid_argument);
}

TEST(TlsEndpoint, a_listener_without_a_certificate_is_refused) {
  asio::io_context context;
  EXPECT_THROW((Listener{context, "tls://127.0.0.1:0"}), std::invalid_argument);
  const TlsContext server = TlsContext::server(ordinary_server());
  EXPECT_THROW(
      connect(context.get_executor(), "tls://127.0.0.1:1", ConnectOptions{}.tls(server), [](error_code, Connection) {}),
      std::invalid_argument);
}

}  // namespace
}  // namespace parley
