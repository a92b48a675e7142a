// In-process connections keep to the limits of the end that receives, as connections over a stream do; and what has
// been sent gets there whatever becomes of the sender, also where each end has a loop of its own.
#include "connection/state.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <vector>

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

// --- one context -----------------------------------------------------------------------------------------------------

TEST_F(Inproc, in_one_context_what_is_sent_is_there_without_a_turn_of_the_loop) {
  make({});
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(client.post(std::to_string(i)));
  client.end_sending();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(server.try_receive(), Message{std::to_string(i)});
  EXPECT_FALSE(server.try_receive());
  EXPECT_EQ(server.end_of_receiving(), error::closed);
}

// --- two contexts, whose turns the tests deal out --------------------------------------------------------------------

class InprocApart : public ::testing::Test {
 protected:
  void make(const ConnectionOptions& at_server = {}) {
    ListenerOptions options;
    options.connection = at_server;
    Listener listener{server_context, "inproc://tests-apart", options};
    std::optional<Outcome<Connection>> in, out;
    listener.accept(store(in));
    connect(client_context->get_executor(), listener.local_endpoint(), {}, store(out));
    ASSERT_TRUE(run_until(server_context, [&] { return in.has_value(); }));
    ASSERT_TRUE(run_until(*client_context, [&] { return out.has_value(); }));
    server = std::move(in->value);
    client = std::move(out->value);
  }

  void post(std::initializer_list<const char*> bodies) {
    for (const char* body : bodies) EXPECT_FALSE(client.post(body));
  }
  /// What is there at the server now, in one word.
  std::string taken() {
    std::string all;
    while (auto message = server.try_receive()) all += message->view();
    return all;
  }

  // The client and its context may go before the others.
  asio::io_context server_context;
  Connection server;
  std::unique_ptr<asio::io_context> client_context = std::make_unique<asio::io_context>();
  Connection client;
};

TEST_F(InprocApart, the_first_message_of_a_turn_goes_at_once_the_others_with_its_end) {
  make();
  post({"a", "b", "c"});
  EXPECT_EQ(taken(), "a");
  EXPECT_EQ(client.stats().send_queue_count, 2U);
  settle(*client_context);
  EXPECT_EQ(client.stats().send_queue_count, 2U) << "what the server has not taken counts";
  EXPECT_EQ(taken(), "bc");
  EXPECT_EQ(client.stats().send_queue_count, 0U);
  post({"d"});
  EXPECT_EQ(taken(), "d") << "another turn";
}

TEST_F(InprocApart, a_look_for_an_answer_ends_a_turn) {
  make();
  post({"a"});
  EXPECT_FALSE(client.try_receive());
  post({"b"});
  EXPECT_EQ(taken(), "ab");
}

TEST_F(InprocApart, many_messages_do_not_wait_for_the_end_of_the_turn) {
  make();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(client.post("x"));
    (void)server.try_receive();
  }
  EXPECT_GT(server.stats().messages_received, 800U);
}

TEST_F(InprocApart, large_messages_do_not_wait_for_the_end_of_the_turn) {
  make();
  const std::string large(100'000, 'x');
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(client.post(large));
    EXPECT_TRUE(server.try_receive()) << i;
  }
}

TEST_F(InprocApart, a_flush_completes_when_all_has_been_handed_over) {
  make();
  post({"a", "b"});
  std::optional<error_code> flushed;
  client.flush(store(flushed));
  EXPECT_EQ(taken(), "a");
  ASSERT_TRUE(run_until(*client_context, [&] { return flushed.has_value(); }));
  EXPECT_EQ(*flushed, error_code{});
  EXPECT_EQ(taken(), "b");
}

TEST_F(InprocApart, ending_the_direction_hands_over) {
  make();
  post({"a", "b", "c"});
  client.end_sending();
  EXPECT_EQ(taken(), "abc");
  EXPECT_EQ(server.end_of_receiving(), error::closed);
}

TEST_F(InprocApart, closing_hands_over) {
  make();
  post({"a", "b", "c"});
  std::optional<Outcome<CloseReport>> report;
  std::optional<error_code> flushed;
  client.flush(store(flushed));
  client.close(std::chrono::seconds{1}, store(report));
  EXPECT_EQ(taken(), "abc");
  ASSERT_TRUE(run_until(*client_context, [&] { return report && flushed; }));
  EXPECT_EQ(report->value, CloseReport{});
  EXPECT_EQ(*flushed, error_code{});
}

TEST_F(InprocApart, aborting_hands_over) {
  make();
  post({"a", "b", "c"});
  EXPECT_EQ(client.abort(), CloseReport{});
  EXPECT_EQ(taken(), "abc");
}

TEST_F(InprocApart, the_last_handle_going_hands_over) {
  make();
  post({"a", "b", "c"});
  client = {};
  EXPECT_EQ(taken(), "abc");
  EXPECT_EQ(server.end_of_receiving(), error::closed);
}

TEST_F(InprocApart, the_senders_context_going_hands_over_and_wakes_the_receiver) {
  make();
  std::vector<std::string> received;
  asio::co_spawn(
      server_context,
      [&]() -> asio::awaitable<void> {
        while (const auto message = co_await server.next()) received.push_back(message->text());
        received.emplace_back("the end");
      },
      [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
  settle(server_context);
  post({"a", "b", "c"});
  client_context.reset();
  settle(server_context);
  EXPECT_EQ(received, (std::vector<std::string>{"a", "b", "c", "the end"}));
  EXPECT_EQ(client.post("d"), error::closed);
  EXPECT_EQ(server.post("e"), error::closed);
}

TEST_F(InprocApart, the_receivers_context_going_fails_what_waits_at_the_sender) {
  ConnectionOptions narrow;
  narrow.receive_high_water_size = 1;
  narrow.send_high_water_size = 1;
  make(narrow);
  std::optional<error_code> sent;
  EXPECT_FALSE(server.post("a"));
  EXPECT_FALSE(server.post("b"));
  server.send("c", store(sent));
  client_context.reset();
  settle(server_context);
  EXPECT_EQ(sent, error::closed);
  EXPECT_EQ(server.last_error(), "the peer closed the connection (inproc://tests-apart)");
}

TEST_F(InprocApart, what_a_peer_that_has_gone_was_never_handed_is_reported) {
  make();
  post({"a", "bb", "ccc"});
  server = {};
  EXPECT_EQ(client.post("dddd"), error::closed);
  EXPECT_EQ(client.last_error(), "the peer closed the connection (inproc://tests-apart)");
  const CloseReport report = client.abort();
  EXPECT_EQ(report.unsent_count, 2U);
  EXPECT_EQ(report.unsent_size, 5U);
}

TEST_F(InprocApart, a_peer_that_goes_fails_waits_of_both_kinds) {
  ConnectionOptions narrow;
  narrow.receive_high_water_size = 1;
  make(narrow);
  std::optional<error_code> sent;
  std::optional<Outcome<Message>> received;
  post({"a"});
  client.send("b", store(sent));
  client.receive(store(received));
  settle(*client_context);
  EXPECT_FALSE(sent || received);
  server = {};
  settle(*client_context);
  EXPECT_EQ(sent, error::closed);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->code, error::closed);
}

TEST_F(InprocApart, a_message_too_large_is_behind_what_was_gathered) {
  ConnectionOptions limited;
  limited.message_size_max = 10;
  make(limited);
  post({"a", "b", "c", "more than ten bytes"});
  EXPECT_EQ(taken(), "abc");
  EXPECT_EQ(server.end_of_receiving(), error::message_too_large);
  EXPECT_FALSE(client.try_receive());
  EXPECT_EQ(client.end_of_receiving(), asio::error::connection_reset);
}

TEST_F(InprocApart, senders_that_wait_go_on_when_half_has_been_taken) {
  ConnectionOptions narrow;
  narrow.receive_high_water_size = 1000;
  make(narrow);
  const std::string body(100, 'x');
  int queued = 0;
  while (queued < 100 && !client.try_send(body)) ++queued;
  EXPECT_EQ(queued, 10) << "wherever they are";
  for (int round = 0; round < 20; ++round) {
    std::vector<std::optional<error_code>> sent(5);
    for (auto& each : sent) client.send(body, store(each));
    settle(*client_context);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(server.try_receive());
    settle(*client_context);
    for (const auto& each : sent) EXPECT_FALSE(each) << round;
    EXPECT_TRUE(server.try_receive());
    settle(*client_context);
    for (const auto& each : sent) EXPECT_EQ(each, error_code{}) << round;
    EXPECT_EQ(client.stats().send_queue_size, 1000U);
  }
}

TEST_F(InprocApart, what_is_posted_meanwhile_holds_senders_back_longer) {
  ConnectionOptions narrow;
  narrow.receive_high_water_size = 1000;
  make(narrow);
  const std::string body(100, 'x');
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(client.post(body));
  std::optional<error_code> sent;
  client.send(body, store(sent));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(client.post(body));
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(server.try_receive());
  settle(*client_context);
  EXPECT_FALSE(sent);
  EXPECT_TRUE(server.try_receive());
  settle(*client_context);
  EXPECT_EQ(sent, error_code{});
}

TEST_F(InprocApart, a_handler_that_throws_takes_nothing_from_those_behind_it) {
  make();
  std::optional<Outcome<Message>> second;
  server.receive([](error_code, const Message&) { throw std::runtime_error{"thrown by a handler"}; });
  server.receive(store(second));
  post({"a", "b"});
  settle(*client_context);
  EXPECT_THROW(settle(server_context), std::runtime_error);
  ASSERT_TRUE(run_until(server_context, [&] { return second.has_value(); }));
  EXPECT_EQ(second->value, Message{"b"});
}

}  // namespace
}  // namespace parley
