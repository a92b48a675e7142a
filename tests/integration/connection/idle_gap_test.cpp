// Messages told apart by silence, over sockets. A message is one small write, which no network divides, and the next is
// sent when the one before has been answered: what is expected is the same on a machine of any speed.
#include "support/connection_results.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace parley {
namespace {

namespace asio = boost::asio;
using support::run_coroutine;

class IdleGapOverTcp : public ::testing::Test {
 protected:
  void make(Duration gap) {
    const Framing framing = IdleGap{.gap = gap};
    ListenerOptions listening;
    listening.connection.framing = framing;
    ConnectOptions dialling;
    dialling.framing(framing);
    ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      Listener listener{context, "tcp://127.0.0.1:0", listening};
      client = co_await connect(listener.local_endpoint(), dialling);
      server = co_await listener.accept();
    }));
  }

  asio::io_context context;
  Connection client;
  Connection server;
};

TEST_F(IdleGapOverTcp, questions_are_answered_when_the_line_is_silent) {
  make(std::chrono::milliseconds{10});
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    for (const std::string question : {"read 1", "read 2", "read 3"}) {
      co_await client.send(question);
      const Message asked = co_await server.receive();
      EXPECT_EQ(asked.text(), question);
      co_await server.send("done: " + question);
      const Message answer = co_await client.receive();
      EXPECT_EQ(answer.text(), "done: " + question);
    }
  }));
}

TEST_F(IdleGapOverTcp, what_has_come_when_the_stream_ends_is_the_last_message) {
  make(std::chrono::hours{1});
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    co_await client.send("no silence ");
    co_await client.send("in between");
    co_await client.close();
    const Message last = co_await server.receive();
    EXPECT_EQ(last.text(), "no silence in between");
    EXPECT_EQ(co_await server.next(), std::nullopt);
  }));
}

}  // namespace
}  // namespace parley
