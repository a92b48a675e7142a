// The same conversation over every transport and several framings; limits on peers.
#include "support/handlers.hpp"
#include "support/scheme_options.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace parley::app::matrix_test {
namespace {

namespace asio = boost::asio;
using support::any_port;
using support::becomes;
using support::error_of;
using support::hang_bound;
using support::run_requests;
using support::with_server;
using namespace std::chrono_literals;

class OverEach : public ::testing::TestWithParam<std::string> {};

TEST_P(OverEach, a_server_and_a_client_talk) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    const Endpoint endpoint{GetParam()};
    Server server{executor};
    server.on_message([](Peer& peer, std::string text) -> asio::awaitable<std::string> {
      co_await peer.send("1" + text);
      co_return "2" + text;
    });
    const Endpoint at = server.listen(endpoint, support::server_transport());
    server.start();
    Client client{executor};
    std::vector<std::string> received;
    client.on_message([&](std::string text) { received.push_back(std::move(text)); });
    client.dial(at, support::client_transport());
    co_await client.connected(hang_bound);
    const std::string body(100'000, 'x');
    co_await client.send("a");
    co_await client.send(body);
    co_await becomes([&] { return received.size() == 4; });
    EXPECT_EQ(received, (std::vector<std::string>{"1a", "2a", "1" + body, "2" + body}));
    (void)co_await client.stop(hang_bound);
    (void)co_await server.stop(hang_bound);
  });
}

std::vector<std::string> endpoints() {
  std::vector<std::string> all{"tcp://127.0.0.1:0", "unix://parley-app-matrix", "inproc://app-matrix",
                               "mux+tcp://127.0.0.1:0"};
  for (const std::string& scheme : support::layered_schemes()) all.push_back(scheme + "://127.0.0.1:0");
  return all;
}

INSTANTIATE_TEST_SUITE_P(Transports, OverEach, ::testing::ValuesIn(endpoints()));

TEST(UntilEof, is_one_question_and_one_answer) {
  ServerOptions options;
  options.framing = UntilEof{};
  with_server(
      options,
      [](Server& server) {
        server.on_message([](Peer& peer, std::string text) {
          EXPECT_TRUE(peer.is_connected()) << "that its direction has ended is how its message ends";
          return "re:" + text;
        });
      },
      [](Server&, Endpoint at) -> asio::awaitable<void> {
        ConnectOptions how;
        how.framing(UntilEof{});
        Connection peer = co_await connect(at, how);
        co_await peer.send("hello");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "re:hello");
      });
}

TEST(AServer, takes_as_many_peers_as_it_may_and_the_next_when_one_has_gone) {
  ServerOptions options;
  options.peers_max = 2;
  with_server(
      options, [](Server& server) { server.on_message([](const Message& m) { return m; }); },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        std::vector<Connection> peers;
        for (int i = 0; i < 3; ++i) {
          peers.push_back(co_await connect(at));
          co_await peers.back().send("x");
        }
        for (int i = 0; i < 2; ++i) (void)co_await peers[static_cast<std::size_t>(i)].receive(hang_bound);
        const Error waits = co_await error_of(peers[2].receive(20ms));
        EXPECT_EQ(waits.code(), error::timed_out);
        EXPECT_EQ(server.stats().peers, 2U);
        (void)co_await peers[0].close(hang_bound);
        const Message reply = co_await peers[2].receive(hang_bound);
        EXPECT_EQ(reply.view(), "x");
        EXPECT_EQ(server.stats().peers_accepted, 3U);
      });
}

TEST(AServer, tells_which_datagrams_were_lost) {
  ServerOptions options;
  options.message_size_max = 10;
  with_server(
      options, [](Server& server) { server.on_message([](std::string text) { return text; }); },
      [](Server& server, Endpoint) -> asio::awaitable<void> {
        const Endpoint at = server.listen("udp://127.0.0.1:0");
        Connection peer = co_await connect(at);
        co_await peer.send("much too long");
        co_await peer.send("short");
        EXPECT_EQ((co_await peer.receive(hang_bound)).view(), "short");
        EXPECT_EQ(server.stats().datagrams.lost_too_large, 1U);
        EXPECT_EQ(server.stats().datagrams.lost(), 1U);
      });
}

TEST(AServer, listens_at_any_number_of_endpoints) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, {.peers_max = 1}};
    server.on_message([](const Message& m) { return m; });
    const Endpoint first = server.listen(any_port);
    server.start();
    const Endpoint second = server.listen("inproc://app-second");
    EXPECT_THROW(server.listen(first), Error) << "it is in use";
    Connection one = co_await connect(first);
    co_await one.send("1");
    const Message reply = co_await one.receive(hang_bound);
    EXPECT_EQ(reply.view(), "1");
    Connection two = co_await connect(second);
    (void)co_await error_of(two.receive(hang_bound));
    EXPECT_EQ(server.stats().peers_refused, 1U) << "there was no room";
    (void)co_await server.stop(hang_bound);
  });
}

}  // namespace
}  // namespace parley::app::matrix_test
