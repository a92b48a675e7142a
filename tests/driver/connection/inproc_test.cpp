// In-process connections keep to the limits of the end that receives, as connections over a stream do.
#include "connection/state.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::Outcome;
using support::run_coroutine;
using support::run_until;
using support::settle;
using support::store;

class Inproc : public ::testing::Test {
 protected:
  /// The client has the default options.
  void make(const ConnectionOptions& at_server) {
    ListenerOptions options;
    options.connection = at_server;
    Listener listener{context, "inproc://tests-of-limits", options};
    std::optional<Outcome<Connection>> in, out;
    listener.accept(store(in));
    connect(context.get_executor(), listener.local_endpoint(), {}, store(out));
    ASSERT_TRUE(run_until(context, [&] { return in && out; }));
    server = std::move(in->value);
    client = std::move(out->value);
  }
  void make_with_limit() {
    ConnectionOptions limited;
    limited.message_size_max = 1000;
    make(limited);
  }

  template <class Operation>
  std::string sentence_of(Operation operation, error_code expected) {
    std::string sentence;
    EXPECT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
      try {
        co_await operation();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), expected);
        sentence = error.what();
      }
    }));
    return sentence;
  }

  asio::io_context context;
  Connection server;
  Connection client;
};

TEST_F(Inproc, a_message_too_large_for_the_receiver_cuts_the_connection_behind_what_came_before) {
  make_with_limit();
  EXPECT_FALSE(client.post(std::string(1000, 'x')));
  EXPECT_FALSE(client.post(std::string(1001, 'x'))) << "queued, as over a stream";
  EXPECT_FALSE(server.post("answer"));

  EXPECT_EQ(client.post("more"), asio::error::connection_reset);
  EXPECT_EQ(client.last_error(),
            "sending failed: the peer cuts the connection, because a message of 1001 bytes exceeds its limit of 1000 "
            "(inproc://tests-of-limits)");

  EXPECT_EQ(server.try_receive()->size(), 1000U);
  EXPECT_EQ(sentence_of([&] { return server.receive(); }, error::message_too_large),
            "message of 1001 bytes exceeds the limit of 1000 (inproc://tests-of-limits)");
  EXPECT_EQ(server.end_of_receiving(), error::message_too_large);
  EXPECT_EQ(server.post("another"), error::message_too_large);

  EXPECT_EQ(client.try_receive(), Message{"answer"}) << "it was there before the cut";
  EXPECT_NE(sentence_of([&] { return client.receive(); }, asio::error::connection_reset), "");
  const CloseReport report = client.abort();
  EXPECT_EQ(report.unsent_count, 1U);
  EXPECT_EQ(report.unsent_size, 1001U);
}

TEST_F(Inproc, a_message_too_large_ends_receives_that_wait_at_both_ends) {
  make_with_limit();
  std::optional<Outcome<Message>> at_server, at_client;
  server.receive(store(at_server));
  client.receive(store(at_client));
  EXPECT_FALSE(client.post(std::string(1001, 'x')));
  ASSERT_TRUE(run_until(context, [&] { return at_server && at_client; }));
  EXPECT_EQ(at_server->code, error::message_too_large);
  EXPECT_EQ(at_client->code, asio::error::connection_reset);
}

TEST_F(Inproc, the_receivers_mark_holds_the_sender_back) {
  ConnectionOptions narrow;
  narrow.receive_high_water_size = 1000;
  make(narrow);
  int queued = 0;
  while (queued < 1000 && !client.try_send(std::string(100, 'x'))) ++queued;
  EXPECT_EQ(queued, 10);
  EXPECT_EQ(client.try_send("x"), error::full);

  std::optional<error_code> sent;
  client.send("one more", store(sent));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(server.try_receive());
  settle(context);
  EXPECT_FALSE(sent) << "not before half of it has been taken";
  EXPECT_TRUE(server.try_receive());
  settle(context);
  EXPECT_EQ(sent, error_code{});
}

TEST_F(Inproc, receiving_ended_at_one_end_stops_the_sender_and_leaves_the_other_direction) {
  make({});
  EXPECT_FALSE(client.post("request"));
  detail::ConnectionAccess::state(server)->end_receiving();
  EXPECT_EQ(client.try_send("late"), error::full);
  ASSERT_TRUE(run_coroutine(context, [&]() -> asio::awaitable<void> {
    EXPECT_EQ(co_await server.next(), Message{"request"});
    EXPECT_EQ(co_await server.next(), std::nullopt);
    co_await server.send("answer");
    EXPECT_EQ(co_await client.next(), Message{"answer"});
  }));
  EXPECT_EQ(client.post("late"), error::closed);
  EXPECT_EQ(client.last_error(), "the peer receives no more (inproc://tests-of-limits)");
}

}  // namespace
}  // namespace parley
