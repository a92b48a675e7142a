// TLS over memory streams that behave in every way a stream may: the handshake, the bytes, the ends.
#include "support/certificates.hpp"
#include "support/stream_contract.hpp"

#include <parley/testing/faulty_stream.hpp>
#include <parley/transport/memory.hpp>
#include <parley/transport/start_tls.hpp>

#include <boost/asio/write.hpp>

#include <chrono>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::CertificateAuthority;
using support::Credentials;
using support::run_until;
using support::test_authority;
using support::try_read;
using support::try_write;
using testing::FaultPlan;
using transport::Stream;
using namespace std::chrono_literals;

TlsOptions identified_by(const Credentials& identity) {
  return TlsOptions{}.certificate(identity.certificate).key(identity.key);
}

TlsContext server_for(const std::string& host) {
  return TlsContext::server(identified_by(test_authority().issue({host, {"DNS:" + host}})));
}

const TlsContext& ordinary_server() {
  static const TlsContext context = server_for("localhost");
  return context;
}
const TlsContext& ordinary_client() {
  static const TlsContext context = TlsContext::client(TlsOptions{}.ca(test_authority().certificate()));
  return context;
}

/// What came of one side's handshake.
struct Side {
  bool is_done = false;
  error_code code;
  Stream stream;
  std::shared_ptr<std::string> why = std::make_shared<std::string>();
};

void start(Side& side, Stream lower, const TlsContext& context, const std::string& host = {}, Duration time_max = 10s) {
  transport::StartTlsOptions options;
  options.host(host).time_max(time_max).failure_to(side.why);
  transport::start_tls(std::move(lower), context, options, [&side](error_code ec, Stream stream) {
    side.is_done = true;
    side.code = ec;
    side.stream = std::move(stream);
  });
}

class TlsStream : public ::testing::Test {
 protected:
  void connect(const TlsContext& server_context, const TlsContext& client_context, const FaultPlan& plan = {},
               std::size_t capacity = 64 * 1024) {
    auto [a, b] =
        transport::memory_pair(context.get_executor(), context.get_executor(), transport::MemoryOptions{capacity});
    start(server, testing::faulty_stream(std::move(a), plan), server_context);
    start(client, testing::faulty_stream(std::move(b), plan), client_context, "localhost");
    ASSERT_TRUE(run_until(context, [&] { return server.is_done && client.is_done; }));
  }
  void connect() {
    connect(ordinary_server(), ordinary_client());
    ASSERT_FALSE(server.code || client.code) << *server.why << *client.why;
  }

  void await_readable(Stream& stream) {
    std::optional<error_code> ready;
    stream.wait_readable(support::into(ready));
    ASSERT_TRUE(run_until(context, [&] { return ready.has_value(); }));
  }

  /// Until the stream ends; the code is left in `ec`.
  std::string read_to_end(Stream& stream) {
    std::string all;
    for (;;) {
      const std::string part = try_read(stream, 1000, ec);
      all += part;
      if (ec == asio::error::would_block) {
        await_readable(stream);
      } else if (ec) {
        return all;
      }
    }
  }

  asio::io_context context;
  Side server;
  Side client;
  error_code ec;
};

TEST_F(TlsStream, carries_bytes_both_ways) {
  connect();
  EXPECT_EQ(try_write(client.stream, "question", ec), 8U);
  await_readable(server.stream);
  EXPECT_EQ(try_read(server.stream, 100, ec), "question");
  EXPECT_EQ(try_write(server.stream, "answer", ec), 6U);
  await_readable(client.stream);
  EXPECT_EQ(try_read(client.stream, 100, ec), "answer");
}

TEST_F(TlsStream, knows_what_was_agreed_on) {
  connect(TlsContext::server(identified_by(test_authority().issue({"localhost", {"DNS:localhost"}})).alpn({"b", "a"})),
          TlsContext::client(TlsOptions{}.ca(test_authority().certificate()).alpn({"a", "b"})));
  ASSERT_FALSE(client.code) << *client.why;
  const auto info = client.stream.tls_info();
  EXPECT_EQ(info->version, "TLSv1.3");
  EXPECT_EQ(info->alpn, "b");
  EXPECT_TRUE(info->peer_verified);
  EXPECT_EQ(info->peer_subject, "CN=localhost");
  EXPECT_EQ(info->peer_issuer, "CN=Test Authority");
  EXPECT_EQ(info->peer_names, std::vector<std::string>{"localhost"});
  EXPECT_EQ(info->peer_fingerprint.size(), 64U);
  EXPECT_EQ(server.stream.tls_info()->server_name, "localhost");
  EXPECT_FALSE(server.stream.tls_info()->peer_verified);
  EXPECT_EQ(server.stream.tls_info()->peer_subject, "");
}

TEST_F(TlsStream, works_over_streams_of_every_manner) {
  std::string sent;
  for (int i = 0; i < 20'000; ++i) sent += std::to_string(i);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, FaultPlan::unlimited}) {
    for (const std::size_t period : {0U, 2U}) {
      server = Side{};
      client = Side{};
      FaultPlan plan;
      plan.read_size_max = plan.write_size_max = size;
      plan.spurious_period = period;
      connect(ordinary_server(), ordinary_client(), plan, size == 7 ? 300 : 5000);
      ASSERT_FALSE(server.code || client.code) << *server.why << *client.why;
      bool written = false;
      asio::async_write(client.stream, asio::buffer(sent), [&](error_code failed, std::size_t) {
        EXPECT_FALSE(failed);
        written = true;
        client.stream.shutdown_send(failed);
      });
      EXPECT_TRUE(read_to_end(server.stream) == sent);
      EXPECT_EQ(ec, asio::error::eof);
      EXPECT_TRUE(run_until(context, [&] { return written; }));
    }
  }
}

TEST_F(TlsStream, many_small_buffers_make_few_records) {
  connect();
  const std::string piece(500, 'x');
  std::vector<asio::const_buffer> pieces(64, asio::buffer(piece));
  EXPECT_EQ(client.stream.backend().try_write(pieces, ec), 32'000U);
  // Two records, with 22 bytes of TLS each.
  EXPECT_EQ(client.stream.backend().unacknowledged_size(), 32'000U + 2 * 22);
}

TEST_F(TlsStream, what_the_stream_below_does_not_take_is_kept_and_sent_later) {
  connect(ordinary_server(), ordinary_client(), {}, 5000);
  const std::string sent(10'000, 'x');
  EXPECT_EQ(try_write(client.stream, sent, ec), sent.size());
  EXPECT_EQ(try_write(client.stream, "more", ec), 0U);
  EXPECT_EQ(ec, asio::error::would_block);
  std::size_t received = 0;
  while (received < sent.size()) {
    await_readable(server.stream);
    received += try_read(server.stream, sent.size(), ec).size();
  }
  EXPECT_EQ(received, sent.size());
}

TEST_F(TlsStream, a_closing_message_is_a_clean_end) {
  connect();
  try_write(client.stream, "last", ec);
  client.stream.shutdown_send(ec);
  EXPECT_FALSE(ec);
  EXPECT_EQ(read_to_end(server.stream), "last");
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(try_write(client.stream, "behind it", ec), 0U);
  EXPECT_EQ(ec, asio::error::broken_pipe);
}

TEST_F(TlsStream, an_end_that_came_with_the_last_bytes_is_not_waited_for) {
  connect();
  try_write(client.stream, "last", ec);
  client.stream.shutdown_send(ec);
  await_readable(server.stream);
  EXPECT_EQ(try_read(server.stream, 100, ec), "last");
  await_readable(server.stream);
  EXPECT_EQ(try_read(server.stream, 100, ec), "");
  EXPECT_EQ(ec, asio::error::eof);
}

TEST_F(TlsStream, an_end_without_it_is_truncation) {
  connect();
  try_write(client.stream, "last", ec);
  client.stream.close();
  EXPECT_EQ(read_to_end(server.stream), "last");
  EXPECT_EQ(ec, error::truncated);
  EXPECT_EQ(server.stream.explain(),
            "the client ended the connection without the closing message of TLS; what it sent last may be missing");
}

TEST_F(TlsStream, damaged_bytes_are_noticed) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  auto [c, d] = transport::memory_pair(context.get_executor(), context.get_executor());
  start(server, std::move(a), ordinary_server());
  start(client, std::move(c), ordinary_client(), "localhost");
  // Between the two: passes on what it reads, until told to change a byte.
  bool damage = false;
  const auto pass = [&](Stream& from, Stream& to) {
    std::string bytes = try_read(from, 64 * 1024, ec);
    if (damage && !bytes.empty()) bytes.back() = static_cast<char>(bytes.back() ^ 1);
    if (!bytes.empty()) try_write(to, bytes, ec);
  };
  const auto turn = [&] {
    context.restart();
    context.poll();
    pass(b, d);
    pass(d, b);
  };
  for (int i = 0; i < 1000 && !(server.is_done && client.is_done); ++i) turn();
  ASSERT_TRUE(server.stream && client.stream) << *client.why;
  damage = true;
  try_write(client.stream, "message", ec);
  turn();
  EXPECT_EQ(read_to_end(server.stream), "");
  EXPECT_EQ(ec, error::malformed);
  EXPECT_EQ(server.stream.explain().substr(0, 76),
            "what the client sent is not what TLS allows: it was damaged or tampered with")
      << server.stream.explain();
}

TEST_F(TlsStream, silence_ends_by_the_deadline) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  start(server, std::move(a), ordinary_server(), {}, 20ms);
  ASSERT_TRUE(run_until(context, [&] { return server.is_done; }));
  EXPECT_EQ(server.code, error::timed_out);
  EXPECT_EQ(*server.why, "the TLS handshake was not done within 20 ms (inproc://memory)");
}

TEST_F(TlsStream, another_protocol_is_named) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  try_write(b, "GET / HTTP/1.1\r\n\r\n", ec);
  start(server, std::move(a), ordinary_server());
  ASSERT_TRUE(run_until(context, [&] { return server.is_done; }));
  EXPECT_EQ(server.code, error::handshake_failed);
  EXPECT_EQ(*server.why, "the client does not speak TLS; it began with \"GET / HTTP/1.1..\" (inproc://memory)");
}

TEST_F(TlsStream, an_end_during_the_handshake_is_named) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  b.close();
  start(client, std::move(a), ordinary_client(), "localhost");
  ASSERT_TRUE(run_until(context, [&] { return client.is_done; }));
  EXPECT_EQ(client.code, error::handshake_failed);
  EXPECT_EQ(*client.why, "the server closed the connection during the TLS handshake (inproc://memory)");
}

TEST_F(TlsStream, every_failing_read_and_write_ends_the_handshake) {
  for (const bool in_read : {true, false}) {
    for (std::size_t step = 1; step <= 2; ++step) {
      server = Side{};
      client = Side{};
      auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
      FaultPlan plan;
      (in_read ? plan.fail_read : plan.fail_write) = {step, asio::error::connection_reset};
      start(server, std::move(a), ordinary_server());
      start(client, testing::faulty_stream(std::move(b), plan), ordinary_client(), "localhost");
      ASSERT_TRUE(run_until(context, [&] { return server.is_done; }));
      if (client.is_done && client.stream) client.stream.close();
      if (in_read && step == 1) {
        EXPECT_EQ(client.code, asio::error::connection_reset);
      }
      EXPECT_TRUE(support::run_to_end(context)) << in_read << step;
    }
  }
}

TEST_F(TlsStream, a_reloaded_context_is_used_by_the_next_handshake) {
  TlsContext changing = server_for("elsewhere");
  connect(changing, ordinary_client());
  EXPECT_EQ(client.code, error::untrusted_peer);
  const Credentials renewed = test_authority().issue({"localhost", {"DNS:localhost"}});
  changing.reload(identified_by(renewed));
  server = Side{};
  client = Side{};
  connect(changing, ordinary_client());
  EXPECT_FALSE(client.code) << *client.why;
}

TEST_F(TlsStream, a_context_that_cannot_be_reloaded_stays_as_it_was) {
  TlsContext same = server_for("localhost");
  EXPECT_THROW(same.reload(TlsOptions{}.certificate("no PEM")), Error);
  connect(same, ordinary_client());
  EXPECT_FALSE(client.code) << *client.why;
}

TEST_F(TlsStream, a_client_that_does_not_know_whom_to_expect_does_not_begin) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  EXPECT_THROW(start(client, std::move(a), ordinary_client()), std::invalid_argument);
  start(server, std::move(b), ordinary_server());  // need not know
  EXPECT_TRUE(run_until(context, [&] { return server.is_done; }));
}

TEST_F(TlsStream, a_client_that_takes_anyone_need_not_know_whom_to_expect) {
  auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
  start(server, std::move(a), ordinary_server());
  start(client, std::move(b), TlsContext::client(TlsOptions{}.dangerously_accept_any_certificate()));
  ASSERT_TRUE(run_until(context, [&] { return server.is_done && client.is_done; }));
  EXPECT_FALSE(client.code) << *client.why;
}

TEST_F(TlsStream, a_name_that_cannot_be_checked_is_no_reason_to_check_none) {
  for (const std::string& host : {std::string{"other\0host", 10}, std::string(300, 'a')}) {
    client = Side{};
    server = Side{};
    auto [a, b] = transport::memory_pair(context.get_executor(), context.get_executor());
    start(server, std::move(a), ordinary_server());
    start(client, std::move(b), ordinary_client(), host);
    ASSERT_TRUE(run_until(context, [&] { return server.is_done && client.is_done; }));
    EXPECT_EQ(client.code, error::handshake_failed);
    EXPECT_NE(client.why->find("no server can have a name of " + std::to_string(host.size()) + " bytes"),
              std::string::npos)
        << *client.why;
  }
}

using Make = TlsContext(TlsOptions);

std::string refusal(Make* make, const TlsOptions& options) {
  try {
    (void)make(options);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}
std::string refused_server(const TlsOptions& options) { return refusal(&TlsContext::server, options); }
std::string refused_client(const TlsOptions& options) { return refusal(&TlsContext::client, options); }

TEST(TlsContext, says_what_is_wrong_with_its_files) {
  const Credentials one = test_authority().issue({"one"});
  const Credentials other = test_authority().issue({"other"});
  EXPECT_EQ(refused_server(TlsOptions{}.certificate_file("/nowhere/server.pem")),
            "cannot read the certificate file /nowhere/server.pem: no such file or directory");
  EXPECT_EQ(refused_server(TlsOptions{}.certificate("not PEM")),
            "cannot use the certificate given as text: there is no PEM certificate in it");
  EXPECT_EQ(refused_server(TlsOptions{}.certificate(one.certificate).key(other.key)),
            "cannot use the key given as text: it does not belong to the certificate");
  EXPECT_EQ(refused_server(TlsOptions{}.certificate(one.certificate)),
            "cannot use the certificate given as text: there is no PEM private key in it");
  EXPECT_EQ(refused_client(TlsOptions{}.ca("")),
            "cannot use the authorities given as text: there is no PEM certificate in it");
}

TEST(TlsContext, refuses_options_that_make_no_sense) {
  const Credentials one = test_authority().issue({"one"});
  EXPECT_EQ(refused_server(TlsOptions{}), "a TLS server needs a certificate");
  EXPECT_EQ(refused_server(identified_by(one).client_certificate(ClientCertificate::required)),
            "a TLS server that verifies clients needs the authorities that it trusts");
  EXPECT_EQ(refused_client(TlsOptions{}.client_certificate(ClientCertificate::required)),
            "only a TLS server can ask for a client certificate");
  EXPECT_EQ(refused_client(TlsOptions{}.alpn({""})), "the name of an application protocol has 1 to 255 bytes, not 0");
}

}  // namespace
}  // namespace parley
