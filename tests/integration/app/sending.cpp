// Sending to peers: back-pressure, limits, to one and to all.
#include "support/handlers.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace parley::app::sending_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::becomes;
using support::error_of;
using support::hang_bound;
using support::with_server;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr std::size_t large = 64 * 1024;

ServerOptions small_queue() {
  ServerOptions options;
  options.send_high_water_size = large;
  options.send_hard_limit_size = 4 * large;
  options.receive_high_water_size = large;
  return options;
}

/// Both ways of sending, one of them through a hook.
class Sending : public ::testing::TestWithParam<bool> {
 protected:
  static void prepare(Server& server) {
    if (GetParam()) server.before_send([](Message m) { return m; });
  }
};

TEST_P(Sending, waits_for_a_peer_that_does_not_read_and_holds_back_that_one_alone) {
  constexpr int count = 200;
  int sent = 0;
  with_server(
      small_queue(),
      [&](Server& server) {
        prepare(server);
        server.on_message([&](Peer& peer, std::string text) -> asio::awaitable<void> {
          if (text == "quick") co_return co_await peer.send("quick");
          for (int i = 0; i < count; ++i) {
            co_await peer.send(std::string(large, 'x'));
            ++sent;
          }
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection slow = co_await connect(at);
        co_await slow.send("slow");
        Connection quick = co_await connect(at);
        co_await quick.send("quick");
        const Message reply = co_await quick.receive(hang_bound);
        EXPECT_EQ(reply.view(), "quick");
        const Peer to = server.peers().at(0);
        co_await becomes([&] { return to.stats().send_queue_size >= large; });
        EXPECT_EQ(to.try_send("x"), error::full);
        EXPECT_LT(sent, count);
        EXPECT_LE(to.stats().send_queue_size, 3 * large);
        for (int i = 0; i < count; ++i) {
          const Message message = co_await slow.receive(hang_bound);
          EXPECT_EQ(message.size(), large);
        }
        co_await becomes([&] { return sent == count; });
      });
}

TEST_P(Sending, a_reply_waits_as_well) {
  constexpr int count = 200;
  with_server(
      small_queue(),
      [&](Server& server) {
        prepare(server);
        server.on_message([](Message m) { return m; });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        const Message body{std::string(large, 'x')};
        for (int i = 0; i < count; ++i) EXPECT_EQ(peer.post(body), error_code{});
        co_await becomes([&] { return !server.peers().empty() && server.peers()[0].stats().send_queue_size >= large; });
        EXPECT_LE(server.peers()[0].stats().send_queue_size, 3 * large);
        for (int i = 0; i < count; ++i) {
          const Message message = co_await peer.receive(hang_bound);
          EXPECT_EQ(message.size(), large);
        }
        EXPECT_EQ(server.stats().replies_lost, 0U);
      });
}

TEST_P(Sending, has_errors_and_sentences) {
  with_server(
      small_queue(), [&](Server& server) { prepare(server); },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await becomes([&] { return server.peers().size() == 1; });
        const Peer to = server.peers()[0];
        int refused_in_a_row = 0;
        co_await becomes([&] {
          const error_code ec = to.post(std::string(large, 'x'));
          EXPECT_TRUE(!ec || ec == error::full) << ec.message();
          refused_in_a_row = ec ? refused_in_a_row + 1 : 0;
          return refused_in_a_row == 1000;  // the system's buffers are full as well
        });
        EXPECT_THAT(to.last_error(), HasSubstr("the peer's queue is full, with "));
        const Error late = co_await error_of(to.send("x", 1ms));
        EXPECT_EQ(late.code(), error::timed_out);
        peer.abort();
        co_await becomes([&] { return !to.is_connected(); });
        const Error gone = co_await error_of(to.send("x"));
        EXPECT_NE(gone.code(), error::timed_out);
        EXPECT_THAT(gone.what(), HasSubstr("(tcp://"));
      });
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAHook, Sending, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "with_a_hook" : "plain"; });

TEST(AServer, sends_to_one_and_to_all_and_to_some_kinds) {
  with_server(
      {},
      [](Server& server) {
        server.classify([](std::string first) { return first; });
        server.on_message([](const Message&) {});
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection panel = co_await connect(at);
        Connection meter = co_await connect(at);
        co_await panel.send("panel");
        co_await meter.send("meter");
        co_await becomes([&] { return server.peers({"panel", "meter"}).size() == 2; });
        EXPECT_EQ(server.broadcast("all"), 2U);
        EXPECT_EQ(server.broadcast("panel", "panels"), 1U);
        EXPECT_EQ(server.broadcast("nobody", "x"), 0U);
        const PeerId id = server.peers("meter")[0].id();
        co_await server.send_to(id, "you");
        const Error unknown = co_await error_of(server.send_to(99, "you"));
        EXPECT_EQ(unknown.code(), error::unknown_peer);
        EXPECT_EQ(unknown.what(), std::string{"peer 99 is not connected"});
        error_code ec;
        bool done = false;
        server.send_to(99, "you", 1s, [&](error_code e) {
          ec = e;
          done = true;
        });
        co_await becomes([&] { return done; });
        EXPECT_EQ(ec, error::unknown_peer);
        for (const char* const text : {"all", "panels"}) {
          const Message received = co_await panel.receive(hang_bound);
          EXPECT_EQ(received.view(), text);
        }
        for (const char* const text : {"all", "you"}) {
          const Message received = co_await meter.receive(hang_bound);
          EXPECT_EQ(received.view(), text);
        }
      });
}

TEST(AServer, tells_of_a_reply_that_could_not_be_sent) {
  std::vector<std::string> errors;
  ServerOptions options;
  options.message_size_max = 10;
  with_server(
      options,
      [&](Server& server) {
        server.on_message([](const Message&) { return std::string(20, 'x'); });
        server.on_error([&](const Cause& why) {
          EXPECT_EQ(why.code, error::message_too_large);
          errors.push_back(why.sentence);
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("x");
        co_await becomes([&] { return errors.size() == 1; });
        EXPECT_THAT(errors[0],
                    HasSubstr("a reply could not be sent: message of 20 bytes exceeds the limit of 10 (tcp:"));
        EXPECT_EQ(server.stats().replies_lost, 1U);
        EXPECT_EQ(server.peers().size(), 1U);
      });
}

TEST(AServer, counts_messages_that_nobody_handles) {
  with_server(
      {}, [](Server&) {},
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        co_await becomes([&] { return server.stats().messages_unhandled == 2; });
        EXPECT_EQ(server.stats().messages_received, 2U);
      });
}

}  // namespace
}  // namespace parley::app::sending_test
