// A handshake that is asked to make way for another, over memory streams.
#include "transport/handshake_op.hpp"

#include "support/connection_results.hpp"
#include "support/run_context.hpp"
#include "transport/scheme_layers.hpp"

#include <parley/error.hpp>
#include <parley/limits.hpp>
#include <parley/transport/memory.hpp>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::run_until;
using support::settle;

const std::string whole_request =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A server's side of a WebSocket handshake, and the client as bytes.
class MakingWay : public ::testing::Test {
 protected:
  struct End {
    error_code code;
    std::string sentence;
  };

  MakingWay() {
    auto [near, far] = memory_pair(context.get_executor(), context.get_executor());
    client = std::move(far);
    op =
        std::make_shared<HandshakeOp>(std::move(near), std::vector{ws_handshake(Scheme::ws, {})}, std::chrono::hours{1},
                                      HandshakeHandler{[this](error_code ec, Stream made, std::string why) {
                                        stream = std::move(made);
                                        end = End{ec, std::move(why)};
                                      }});
    op->start();
    settle(context);
  }
  ~MakingWay() override {
    op->cancel();
    settle(context);
  }

  void ask() {
    op->make_way("others came", [this] { ++stays_count; });
  }
  void say(const std::string& words) {
    const asio::const_buffer bytes = asio::buffer(words);
    error_code ec;
    EXPECT_EQ(client.backend().try_write({&bytes, 1}, ec), words.size());
  }

  asio::io_context context;
  Stream client;
  Stream stream;
  std::shared_ptr<HandshakeOp> op;
  std::optional<End> end;
  int stays_count = 0;
};

TEST_F(MakingWay, a_silent_peer_has_to_go) {
  ask();
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  EXPECT_EQ(end->code, error::too_many_connections);
  EXPECT_EQ(end->sentence, "others came");
  settle(context);
  EXPECT_EQ(stays_count, 0);
  EXPECT_TRUE(client.backend().peer_has_ended());
}

TEST_F(MakingWay, a_word_that_nobody_has_had_the_time_for_is_enough_to_stay) {
  say("GET / HT");
  ask();
  settle(context);
  EXPECT_EQ(stays_count, 1);
  EXPECT_FALSE(end);
  say(whole_request.substr(8));
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  EXPECT_FALSE(end->code) << end->sentence;
}

TEST_F(MakingWay, a_word_said_before_does_not_help_for_ever) {
  say("GET / HT");
  settle(context);
  ask();
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  EXPECT_EQ(end->code, error::too_many_connections);
}

TEST_F(MakingWay, a_handshake_that_is_complete_when_it_is_looked_at_succeeds) {
  say(whole_request);
  ask();
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  EXPECT_FALSE(end->code) << end->sentence;
  EXPECT_TRUE(stream);
}

TEST_F(MakingWay, one_that_is_over_is_not_asked) {
  say(whole_request);
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  end.reset();
  ask();
  settle(context);
  EXPECT_FALSE(end);
  EXPECT_EQ(stays_count, 0);
}

TEST_F(MakingWay, the_first_word_is_waited_for_less_than_the_next) {
  const TimePoint before = Clock::now();
  EXPECT_LE(op->patience_ends(), before + limits::handshake_first_word_after);
  say("G");
  settle(context);
  EXPECT_GE(op->patience_ends(), before + limits::handshake_next_word_after);
  EXPECT_LE(op->patience_ends(), Clock::now() + limits::handshake_next_word_after);
}

}  // namespace
}  // namespace parley::transport
