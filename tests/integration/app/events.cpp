// Events, in their order; handlers that are functions and coroutines; what they take and return; what they throw.
#include "support/handlers.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/describe.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace parley::app::events_test {

struct Order {
  int count = 0;
  std::string item;
};
BOOST_DESCRIBE_STRUCT(Order, (), (count, item))

namespace {

namespace asio = boost::asio;
using support::becomes;
using support::Gate;
using support::hang_bound;
using support::Log;
using support::with_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

TEST(AServer, calls_its_handlers_in_order) {
  Log log;
  with_server(
      {},
      [&](Server& server) {
        server.on_connect([&](Peer&) { log("connect 1"); });
        server.on_connect([&]() -> asio::awaitable<void> {
          co_await asio::post(asio::use_awaitable);
          log("connect 2");
        });
        server.on_message([&](const Message& m) { log("first " + m.text()); });
        server.on_message([&](Peer&, std::string text) -> asio::awaitable<void> {
          co_await asio::post(asio::use_awaitable);
          log("second " + text);
        });
        server.on_disconnect([&](const Cause& why) {
          EXPECT_EQ(why.code, error::closed);
          EXPECT_THAT(why.sentence, HasSubstr("the peer closed the connection (tcp://127.0.0.1:"));
          log("disconnect");
        });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        co_await peer.close(hang_bound);
        co_await becomes([&] { return log.size() == 7; });
      });
  EXPECT_THAT(log.words(),
              ElementsAre("connect 1", "connect 2", "first a", "second a", "first b", "second b", "disconnect"));
}

TEST(AServer, sends_back_what_handlers_return) {
  with_server(
      {},
      [](Server& server) {
        server.classify([](std::string_view first) { return first; });
        server.on_message("message", [](Message m) { return m; });
        server.on_message("text", [](std::string s) { return "<" + s + ">"; });
        server.on_message("literal", [](std::string) { return "literal"; });
        server.on_message("maybe", [](std::string s) { return s == "maybe" ? std::optional{s} : std::nullopt; });
        server.on_message("later", [](Peer& peer, std::string s) -> asio::awaitable<std::string> {
          co_await peer.send("before");
          co_return s;
        });
        server.on_message("both", [](std::string) { return "one"; });
        server.on_message("both", [](std::string) -> asio::awaitable<int> { co_return 2; });
      },
      [](Server&, Endpoint at) -> asio::awaitable<void> {
        const auto answers = [&](std::string first, std::size_t count) -> asio::awaitable<std::vector<std::string>> {
          Connection peer = co_await connect(at);
          co_await peer.send(first);
          std::vector<std::string> received;
          while (received.size() < count) received.push_back((co_await peer.receive(hang_bound)).text());
          co_return received;
        };
        EXPECT_THAT(co_await answers("message", 1), ElementsAre("message"));
        EXPECT_THAT(co_await answers("text", 1), ElementsAre("<text>"));
        EXPECT_THAT(co_await answers("literal", 1), ElementsAre("literal"));
        EXPECT_THAT(co_await answers("maybe", 1), ElementsAre("maybe"));
        EXPECT_THAT(co_await answers("later", 2), ElementsAre("before", "later"));
        EXPECT_THAT(co_await answers("both", 2), ElementsAre("one", "2"));
      });
}

TEST(AServer, decodes_what_handlers_take) {
  Log errors;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([](Order order) {
          ++order.count;
          return order;
        });
        server.on_error([&](Peer&, const Cause& why) {
          EXPECT_EQ(why.code, error::payload_rejected);
          errors(why.sentence);
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send(R"({"count":1,"item":"bolt"})");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), R"({"count":2,"item":"bolt"})");
        co_await peer.send("no JSON");
        co_await peer.send(R"({"count":3,"item":"nut"})");
        const Message next = co_await peer.receive(hang_bound);
        EXPECT_EQ(next.view(), R"({"count":4,"item":"nut"})") << "the peer goes on";
        EXPECT_EQ(errors.size(), 1U);
        EXPECT_EQ(server.stats().handlers_failed, 1U);
      });
}

TEST(AServer, tells_of_text_that_is_not_utf8) {
  Log errors;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([](std::string text) { return text; });
        server.on_error([&](const Cause& why) {
          EXPECT_EQ(why.code, error::payload_rejected);
          errors(why.sentence);
        });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("caf\xE9 au lait");
        co_await peer.send("well");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "well");
      });
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors.words()[0], HasSubstr("byte 3: the text is not valid UTF-8"));
}

TEST(AHandler, that_throws_gives_up_its_message_and_nothing_else) {
  Log errors;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([](const Message& m) {
          if (m.view() == "now") throw std::runtime_error{"thrown now"};
        });
        server.on_message([](std::string text) -> asio::awaitable<std::string> {
          co_await asio::post(asio::use_awaitable);
          if (text == "later") throw 42;
          co_return text;
        });
        server.on_error([&](Peer& peer, const Cause& why) {
          EXPECT_TRUE(peer.is_connected());
          EXPECT_EQ(why.code, error::handler_failed);
          EXPECT_NE(why.thrown, nullptr);
          errors(why.sentence);
          throw std::runtime_error{"an error handler's is logged"};
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"now", "later", "well"}) co_await peer.send(text);
        const Message first = co_await peer.receive(hang_bound);
        const Message second = co_await peer.receive(hang_bound);
        EXPECT_EQ(first.view(), "now") << "the handlers behind the one that threw";
        EXPECT_EQ(second.view(), "well");
        EXPECT_EQ(server.stats().handlers_failed, 4U) << "with those of on_error";
      });
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_THAT(errors.words()[0], HasSubstr("a message handler threw: thrown now (tcp://127.0.0.1:"));
  EXPECT_THAT(errors.words()[1], HasSubstr("no std::exception"));
}

TEST(AHandler, that_waits_holds_back_its_own_peer_alone) {
  Gate gate;
  Log log;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([&](std::string text) -> asio::awaitable<std::string> {
          log("begins " + text);
          if (text == "slow") co_await gate.pass();
          co_return text;
        });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection slow = co_await connect(at);
        co_await slow.send("slow");
        co_await slow.send("behind");
        co_await becomes([&] { return gate.arrived == 1; });
        Connection quick = co_await connect(at);
        co_await quick.send("quick");
        const Message reply = co_await quick.receive(hang_bound);
        EXPECT_EQ(reply.view(), "quick");
        EXPECT_THAT(log.words(), ElementsAre("begins slow", "begins quick"));
        gate.open();
        const Message first = co_await slow.receive(hang_bound);
        const Message second = co_await slow.receive(hang_bound);
        EXPECT_EQ(first.view(), "slow");
        EXPECT_EQ(second.view(), "behind");
      });
}

TEST(AHandler, on_a_pool_runs_there_and_its_replies_are_in_order) {
  asio::thread_pool pool{2};
  const auto loop = std::this_thread::get_id();
  with_server(
      {},
      [&](Server& server) {
        server.on_pool(pool.get_executor(), [loop](std::string text) {
          EXPECT_NE(std::this_thread::get_id(), loop);
          if (text == "throw") throw std::runtime_error{"there"};
          return text;
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"1", "throw", "2", "3"}) co_await peer.send(text);
        for (const char* const text : {"1", "2", "3"}) {
          const Message reply = co_await peer.receive(hang_bound);
          EXPECT_EQ(reply.view(), text);
        }
        EXPECT_EQ(server.stats().handlers_failed, 1U);
      });
}

TEST(AHandler, sees_that_its_peer_has_gone_and_on_disconnect_comes_after_it) {
  Log log;
  Gate gate;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([&](Peer& peer) -> asio::awaitable<void> {
          EXPECT_TRUE(peer.is_connected());
          co_await gate.pass();
          EXPECT_FALSE(peer.is_connected());
          log("handled");
        });
        server.on_disconnect([&](Peer& peer) {
          EXPECT_EQ(peer.post("too late"), error::closed);
          log("disconnected");
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("go");
        co_await becomes([&] { return gate.arrived == 1; });
        const Peer seen = server.peers().at(0);
        peer.abort();
        co_await becomes([&] { return !seen.is_connected(); });
        EXPECT_THAT(log.words(), IsEmpty());
        gate.open();
        co_await becomes([&] { return log.size() == 2; });
      });
  EXPECT_THAT(log.words(), ElementsAre("handled", "disconnected"));
}

TEST(APeer, keeps_what_the_program_keeps_for_it) {
  struct Session {
    int messages = 0;
  };
  with_server(
      {},
      [](Server& server) {
        server.on_message([](Peer& peer, std::string text) {
          const int count = ++peer.state<Session>().messages;
          peer.state<std::string>() += text;
          EXPECT_EQ(peer.is_first_message(), count == 1);
          return std::to_string(count) + peer.state<std::string>() + peer.first_message().text();
        });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        const Message first = co_await peer.receive(hang_bound);
        const Message second = co_await peer.receive(hang_bound);
        EXPECT_EQ(first.view(), "1aa");
        EXPECT_EQ(second.view(), "2aba");
        const Peer seen = server.peers().at(0);
        EXPECT_EQ(server.find(seen.id()), seen);
        EXPECT_EQ(seen.endpoint(), peer.local_endpoint());
        EXPECT_EQ(seen.local_endpoint(), at);
        EXPECT_EQ(seen.kind(), unclassified);
        EXPECT_EQ(seen.tls_subject(), "");
        std::ostringstream printed;
        printed << seen << ' ' << Peer{};
        EXPECT_EQ(printed.str(), "peer 1 (" + peer.local_endpoint().to_string() + ") nobody");
        co_await peer.close(hang_bound);
        co_await becomes([&] { return server.peers().empty(); });
        EXPECT_EQ(server.find(seen.id()), std::nullopt);
        EXPECT_EQ(seen.state<Session>().messages, 2) << "as long as there is a handle";
        EXPECT_FALSE(seen.is_connected());
      });
}

TEST(APeer, has_a_history_where_that_is_asked_for) {
  ServerOptions options;
  options.history_count_max = 3;
  with_server(
      options,
      [](Server& server) {
        server.after_receive([](const Message& m) { return Message{m.text() + "!"}; });
        server.before_send([](const Message& m) { return Message{"<" + m.text() + ">"}; });
        server.on_message([](std::string text) { return text; });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        for (int i = 0; i < 2; ++i) (void)co_await peer.receive(hang_bound);
        EXPECT_EQ(to_string(server.peers().at(0).history()),
                  "(1 older messages)\nhere: a! (on the wire: <a!>)\npeer: b! (on the wire: b)\n"
                  "here: b! (on the wire: <b!>)\n");
      });
}

}  // namespace
}  // namespace parley::app::events_test
