// ws:// endpoints: connect and Listener, and raw peers that speak well, badly or not at all.
#include "support/run_context.hpp"

#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>
#include <parley/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using support::run_until;
using namespace std::chrono_literals;
using namespace std::string_literals;

asio::awaitable<void> echo(Listener& listener) {
  for (;;) {
    Connection peer = co_await listener.accept();
    while (std::optional<Message> m = co_await peer.next()) co_await peer.send(*m);
    co_await peer.close();
  }
}

asio::awaitable<std::string> ask(Endpoint where, std::vector<std::string> questions, WsOptions options,
                                 Framing framing) {
  ConnectOptions how;
  how.ws(options).framing(framing);
  Connection peer = co_await connect(where, how);
  for (const std::string& each : questions) {
    co_await peer.send(each);
    const Message m = co_await peer.receive();
    if (m.text() != each) co_return "another answer";
  }
  for (const std::string& each : questions) co_await peer.send(each);
  for (const std::string& each : questions) {
    const Message m = co_await peer.receive();
    if (m.text() != each) co_return "another answer";
  }
  const CloseReport report = co_await peer.close();
  co_return report.all_arrived() ? "all well" : "not all arrived";
}

std::string talk(WsMessages messages, const Framing& framing, std::size_t largest = 500'000) {
  asio::io_context context;
  WsOptions ws;
  ws.messages(messages);
  ListenerOptions options;
  options.transport.ws = ws;
  options.connection.framing = framing;
  Listener listener{context, "ws://127.0.0.1:0/talk?x=1", options};
  asio::co_spawn(context, echo(listener), asio::detached);
  std::optional<std::string> outcome;
  const std::vector<std::string> questions{"a",
                                           std::string(125, 'b'),
                                           std::string(126, 'c'),
                                           std::string(1024, 'd'),
                                           std::string(65'536, 'e'),
                                           std::string(largest, 'f')};
  asio::co_spawn(context, ask(listener.local_endpoint(), questions, ws, framing),
                 [&](std::exception_ptr e, std::string text) {
                   outcome = std::move(text);
                   try {
                     if (e) std::rethrow_exception(e);
                   } catch (const std::exception& failure) {
                     outcome = failure.what();
                   }
                 });
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  return *outcome;
}

TEST(WsEndpoint, carries_every_framing_in_pieces) {
  EXPECT_EQ(talk(WsMessages::pieces, LengthPrefixed{}), "all well");
  EXPECT_EQ(talk(WsMessages::pieces, Separator{"\n"}), "all well");
}

TEST(WsEndpoint, carries_each_message_in_one) { EXPECT_EQ(talk(WsMessages::one_each, LengthPrefixed{}), "all well"); }

TEST(WsEndpoint, refuses_framings_that_cannot_work) {
  asio::io_context context;
  ListenerOptions options;
  options.connection.framing = UntilEof{};
  EXPECT_THROW((Listener{context, "ws://127.0.0.1:0", options}), std::invalid_argument);
  options.connection.framing = Separator{"\n"};
  options.transport.ws.messages(WsMessages::one_each);
  EXPECT_THROW((Listener{context, "ws://127.0.0.1:0", options}), std::invalid_argument);
}

/// A listener with one raw client, which sends and then reads until the listener's side ends.
class RawClient : public ::testing::Test {
 protected:
  void listen(WsOptions ws = {}, const std::string& path = "/") {
    ListenerOptions options;
    options.transport.ws = std::move(ws);
    options.transport.handshake_time_max = 200ms;
    set_log_hook([this](LogLevel level, std::string_view text, std::string_view) {
      if (level == LogLevel::warning) logged = text;
    });
    listener.emplace(context, "ws://127.0.0.1:0" + path, options);
    asio::co_spawn(context, serve(), asio::detached);
    socket.connect({asio::ip::address_v4::loopback(), listener->local_endpoint().port()});
  }
  void TearDown() override { set_log_hook({}); }

  asio::awaitable<void> serve() {
    Connection peer = co_await listener->accept();
    try {
      while (std::optional<Message> m = co_await peer.next()) received.push_back(std::string{m->text()});
      ending = "clean";
    } catch (const Error& e) {
      ending = e.what();
    }
    ending = ending.substr(0, ending.find(" (ws://"));
    co_await peer.close();
  }

  /// Everything that comes until the other side ends.
  std::string exchange(const std::string& sent) {
    asio::write(socket, asio::buffer(sent));
    std::string answer;
    bool ended = false;
    asio::async_read(socket, asio::dynamic_buffer(answer), [&](error_code, std::size_t) { ended = true; });
    EXPECT_TRUE(run_until(context, [&] { return ended; }));
    return answer;
  }
  std::string status_of(const std::string& request) {
    const std::string answer = exchange(request);
    EXPECT_TRUE(run_until(context, [&] { return !logged.empty(); }));
    logged = logged.substr(0, logged.find(" (ws://"));
    return answer.substr(0, answer.find("\r\n"));
  }
  static std::string request(const std::string& fields = {}, const std::string& target = "/") {
    return "GET " + target +
           " HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           fields + "\r\n";
  }
  /// A masked frame, by a mask of zeros.
  static std::string frame(unsigned first, const std::string& payload) {
    return std::string{static_cast<char>(first), static_cast<char>(0x80 | payload.size())} + "\0\0\0\0"s + payload;
  }
  /// What the listener answers to frames: behind its upgrade.
  std::string answer_to(const std::string& frames) {
    const std::string answer = exchange(request() + frames);
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
  /// A close frame.
  static std::string closing(unsigned code) {
    return {static_cast<char>(0x88), 2, static_cast<char>(code >> 8), static_cast<char>(code & 255)};
  }

  asio::io_context context;
  std::optional<Listener> listener;
  tcp::socket socket{context};
  std::vector<std::string> received;
  std::string ending;
  std::string logged;
};

TEST_F(RawClient, is_answered_by_the_key_and_closed_in_order) {
  listen();
  const std::string answer = exchange(request() + frame(0x82, "\0\0\0\1x"s) + frame(0x88, "\x03\xe8"));
  EXPECT_NE(answer.find("101 Switching Protocols\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), closing(1000));
  EXPECT_EQ(received, std::vector<std::string>{"x"});
  EXPECT_EQ(ending, "clean");
}

TEST_F(RawClient, may_send_fragments_with_pings_between) {
  listen(WsOptions{}.messages(WsMessages::one_each));
  const std::string answer = answer_to(frame(0x02, "ab") + frame(0x89, "ping") + frame(0x00, "") + frame(0x80, "cd") +
                                       frame(0x82, "") + frame(0x8a, "nobody asked") + frame(0x88, ""));
  EXPECT_EQ(received, (std::vector<std::string>{"abcd", ""}));
  EXPECT_EQ(answer, "\x8a\x04ping" + closing(1000));
  EXPECT_EQ(ending, "clean");
}

TEST_F(RawClient, that_sends_text_is_closed_with_1003) {
  listen();
  EXPECT_EQ(answer_to(frame(0x81, "text")), closing(1003));
  EXPECT_EQ(ending, "the client sent a text message; only binary ones are understood here");
}

TEST_F(RawClient, that_sends_too_large_a_message_is_closed_with_1009) {
  listen(WsOptions{}.messages(WsMessages::one_each).message_size_max(5));
  EXPECT_EQ(answer_to(frame(0x02, "abc") + frame(0x80, "def")), closing(1009));
  EXPECT_EQ(ending, "the client sent a message of more than 5 bytes");
}

TEST_F(RawClient, that_breaks_the_protocol_is_closed_with_1002) {
  listen();
  EXPECT_EQ(answer_to("\x82\x01x"), closing(1002));
  EXPECT_EQ(ending, "the client sent a frame without a mask");
}

TEST_F(RawClient, that_continues_nothing_is_closed_with_1002) {
  listen();
  EXPECT_EQ(answer_to(frame(0x80, "x")), closing(1002));
  EXPECT_EQ(ending, "the client continued a message it never began");
}

TEST_F(RawClient, that_sends_no_frames_is_closed_with_1002) {
  listen();
  EXPECT_EQ(answer_to("hello"), closing(1002));
  EXPECT_EQ(ending, "the client sent what is not a WebSocket frame: a reserved bit is set");
}

TEST_F(RawClient, that_falls_silent_is_pinged_and_then_given_up) {
  listen(WsOptions{}.ping_interval(50ms));
  EXPECT_EQ(answer_to("").substr(0, 2), "\x89\0"s);
  EXPECT_EQ(ending, "the client has not answered a ping within 50 ms");
}

TEST_F(RawClient, that_only_ends_has_been_truncated) {
  listen();
  asio::write(socket, asio::buffer(request()));
  socket.shutdown(tcp::socket::shutdown_send);
  exchange("");
  EXPECT_EQ(ending,
            "the client ended the connection without the closing message of WebSocket; what it sent last may be "
            "missing");
}

TEST_F(RawClient, that_closes_for_a_reason_is_quoted) {
  listen();
  answer_to(frame(0x88, "\x03\xf0too bad"));
  EXPECT_EQ(ending, "the client closed the WebSocket with code 1008: too bad");
}

TEST_F(RawClient, that_closes_with_words_that_are_not_utf8_is_closed_with_1007) {
  listen();
  EXPECT_EQ(answer_to(frame(0x88, "\x03\xe8\xff\xfe")), closing(1007));
  EXPECT_EQ(ending, "the client closed the WebSocket with code 1000 and words that are not UTF-8");
}

TEST_F(RawClient, that_asks_for_another_path_gets_404) {
  listen({}, "/chat");
  EXPECT_EQ(status_of(request({}, "/cat")), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(logged, "a peer was turned away: the client asked for /cat; there is only /chat");
}

TEST_F(RawClient, of_an_origin_that_is_not_let_in_gets_403) {
  listen(WsOptions{}.accept_origin([](std::string_view origin) { return origin == "https://good.example"; }));
  EXPECT_EQ(status_of(request("Origin: https://evil.example\r\n")), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(logged, "a peer was turned away: pages of https://evil.example are not let in");
}

TEST_F(RawClient, that_names_no_host_gets_400) {
  listen();
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 Bad Request");
}

TEST_F(RawClient, that_is_a_browsers_ordinary_request_gets_426) {
  listen();
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 426 Upgrade Required");
}

TEST_F(RawClient, that_posts_gets_405) {
  listen();
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"), "HTTP/1.1 405 Method Not Allowed");
}

TEST_F(RawClient, that_speaks_something_else_is_named) {
  listen();
  EXPECT_EQ(status_of("\x16\x03\x01garbage\r\n"s), "");
  EXPECT_EQ(logged, "a peer was turned away: the client does not speak HTTP; it began with \"...garbage..\"");
}

TEST_F(RawClient, with_an_endless_header_is_cut_off) {
  listen();
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x')), "");
  EXPECT_EQ(logged, "a peer was turned away: the client's HTTP header exceeds 16384 bytes");
}

TEST_F(RawClient, that_is_silent_ends_by_the_deadline) {
  listen();
  EXPECT_EQ(status_of(""), "");
  EXPECT_EQ(logged, "a peer was turned away: the WebSocket handshake was not done within 200 ms");
}

/// What connect says to a server that answers so.
std::string connect_to(const std::string& answer) {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  tcp::socket socket{context};
  acceptor.async_accept(socket, [&](error_code) { asio::write(socket, asio::buffer(answer)); });
  std::optional<std::string> outcome;
  const Endpoint where = Endpoint{"ws://127.0.0.1:1/"}.with_port(acceptor.local_endpoint().port());
  TransportOptions transport;
  transport.handshake_time_max = 100ms;
  asio::co_spawn(context, connect(where, ConnectOptions{}.transport(transport)), [&](std::exception_ptr e, Connection) {
    try {
      outcome = "connected";
      if (e) std::rethrow_exception(e);
    } catch (const Error& failure) {
      outcome = failure.what();
    }
  });
  EXPECT_TRUE(run_until(context, [&] { return outcome.has_value(); }));
  return outcome->substr(outcome->find(": ") + 2);
}

TEST(WsServer, that_refuses_is_quoted) {
  EXPECT_EQ(connect_to("HTTP/1.1 404 Not Here\r\n\r\n"), "the server answered 404 Not Here instead of a WebSocket");
}
TEST(WsServer, that_does_not_know_the_key_is_refused) {
  EXPECT_EQ(connect_to("HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
            "the server's answer does not belong to this WebSocket handshake");
}
TEST(WsServer, that_speaks_something_else_is_named) {
  EXPECT_EQ(connect_to("220 mail.example ESMTP\r\n"),
            "the server does not speak HTTP; it began with \"220 mail.example ESMTP..\"");
}
TEST(WsServer, that_is_silent_ends_by_the_deadline) {
  EXPECT_EQ(connect_to(""), "the WebSocket handshake was not done within 100 ms");
}

}  // namespace
}  // namespace parley
