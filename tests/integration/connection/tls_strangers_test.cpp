// Peers that speak something else where TLS is expected, or WebSocket over it, or stop speaking: each ends by the
// deadline, with a sentence, and the listener goes on.
#include "support/accept_all.hpp"
#include "support/connection_results.hpp"
#include "support/scheme_options.hpp"

#include <parley/log.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using support::run_coroutine;
using support::run_until;
using namespace std::chrono_literals;
using namespace std::string_literals;

/// Short, as most of these tests have to wait for it.
constexpr std::chrono::milliseconds handshake_time_max = 100ms;

class TlsStrangers : public ::testing::Test {
 protected:
  TlsStrangers() {
    set_log_hook([this](LogLevel level, std::string_view text, std::string_view) {
      if (level == LogLevel::warning) logged = text.substr(0, text.rfind(" ("));
    });
  }
  ~TlsStrangers() override { set_log_hook({}); }

  void listen(const std::string& where) {
    ListenerOptions options = support::listener_options();
    options.transport.handshake_time_max = handshake_time_max;
    listener.emplace(context, where, options);
    asio::co_spawn(context, support::accept_all(*listener, peers), asio::detached);
  }

  /// What the listener says of a client that sends this over TCP; it must end the connection.
  std::string said_of(const std::string& sent) {
    tcp::socket socket{context};
    socket.connect({asio::ip::address_v4::loopback(), listener->local_endpoint().port()});
    asio::write(socket, asio::buffer(sent));
    std::string answer;
    bool ended = false;
    asio::async_read(socket, asio::dynamic_buffer(answer), [&](error_code, std::size_t) { ended = true; });
    EXPECT_TRUE(run_until(context, [&] { return ended && !logged.empty(); }));
    return logged;
  }

  /// What it says of a client that has made its TLS handshake and sends this.
  std::string said_beneath_tls_of(const std::string& sent) {
    Endpoint where = Endpoint{"tls://127.0.0.1:1"}.with_port(listener->local_endpoint().port());
    ConnectOptions how = support::connect_options();
    how.framing(Raw{});
    EXPECT_TRUE(run_coroutine(context, babble(where, how, sent)));
    EXPECT_TRUE(run_until(context, [&] { return !logged.empty(); }));
    return logged;
  }
  static asio::awaitable<void> babble(Endpoint where, ConnectOptions how, std::string sent) {
    Connection peer = co_await connect(where, how);
    if (!sent.empty()) co_await peer.send(sent);
    try {
      while (co_await peer.next(support::hang_bound)) {
      }
    } catch (const Error& e) {
      EXPECT_NE(e.code(), error::timed_out) << "the listener did not end the connection";
    }
  }

  /// What connecting says.
  std::string failure_of(const Endpoint& where) {
    TransportOptions transport = support::client_transport();
    transport.handshake_time_max = handshake_time_max;
    ConnectOptions how;
    how.transport(transport);
    std::string sentence;
    EXPECT_TRUE(run_coroutine(context, fail(where, how, sentence)));
    return sentence.substr(sentence.find(": ") + 2);
  }
  static asio::awaitable<void> fail(Endpoint where, ConnectOptions how, std::string& sentence) {
    try {
      Connection peer = co_await connect(where, how);
      sentence = ": connected";
    } catch (const Error& e) {
      sentence = e.what();
    }
  }

  asio::io_context context;
  std::optional<Listener> listener;
  std::vector<Connection> peers;
  std::string logged;
};

TEST_F(TlsStrangers, a_client_that_speaks_http_is_named) {
  listen("tls://127.0.0.1:0");
  EXPECT_EQ(said_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            "a peer was turned away: the client does not speak TLS; it began with \"GET / HTTP/1.1..\"");
}

TEST_F(TlsStrangers, a_client_that_babbles_is_quoted_without_harm) {
  listen("tls://127.0.0.1:0");
  EXPECT_EQ(said_of("\x1b[2J\xff\x00\x01"s + std::string(100'000, '\xee')),
            "a peer was turned away: the client does not speak TLS; it began with \".[2J............\"");
}

TEST_F(TlsStrangers, a_client_that_stops_in_its_first_record_ends_by_the_deadline) {
  listen("tls://127.0.0.1:0");
  EXPECT_EQ(said_of("\x16\x03\x01\x02"s), "a peer was turned away: the TLS handshake was not done within 100 ms");
}

TEST_F(TlsStrangers, a_client_whose_record_is_garbage_is_refused) {
  listen("tls://127.0.0.1:0");
  EXPECT_EQ(said_of("\x16\x03\x01\x00\x20"s + std::string(32, 'x')).substr(0, 66),
            "a peer was turned away: the TLS handshake with the client failed: ");
}

TEST_F(TlsStrangers, the_next_client_is_served_all_the_same) {
  listen("tls://127.0.0.1:0");
  said_of("garbage, and more of it\r\n");
  EXPECT_EQ(failure_of(listener->local_endpoint()), "connected");
  EXPECT_TRUE(run_until(context, [&] { return !peers.empty(); }));
}

TEST_F(TlsStrangers, silence_instead_of_tls_ends_by_the_deadline_at_wss) {
  listen("wss://127.0.0.1:0/");
  EXPECT_EQ(said_of(""), "a peer was turned away: the TLS handshake was not done within 100 ms");
}

TEST_F(TlsStrangers, silence_instead_of_an_upgrade_ends_by_the_deadline) {
  listen("wss://127.0.0.1:0/");
  EXPECT_EQ(said_beneath_tls_of(""), "a peer was turned away: the WebSocket handshake was not done within 100 ms");
}

TEST_F(TlsStrangers, garbage_instead_of_an_upgrade_is_named) {
  listen("wss://127.0.0.1:0/");
  EXPECT_EQ(said_beneath_tls_of("EHLO example.org\r\n"),
            "a peer was turned away: the client does not speak HTTP; it began with \"EHLO example.org..\"");
}

TEST_F(TlsStrangers, a_server_that_is_silent_ends_by_the_deadline) {
  tcp::acceptor silent{context, {asio::ip::address_v4::loopback(), 0}};
  EXPECT_EQ(failure_of(Endpoint{"tls://127.0.0.1:1"}.with_port(silent.local_endpoint().port())),
            "the TLS handshake was not done within 100 ms");
}

TEST_F(TlsStrangers, a_server_that_is_silent_after_tls_ends_by_the_deadline) {
  listen("tls://127.0.0.1:0");
  EXPECT_EQ(failure_of(Endpoint{"wss://127.0.0.1:1/"}.with_port(listener->local_endpoint().port())),
            "the WebSocket handshake was not done within 100 ms");
}

}  // namespace
}  // namespace parley
