// A server and its clients: one of them, any, all; who is there, and what is told of who comes and goes.
#include <parley/rpc/fault.hpp>

#include "support/requests.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gmock/gmock.h>

#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace parley::rpc::clients_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::event_of;
using support::failure_of;
using support::Gate;
using support::run_requests;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using Names = std::vector<std::string>;

/// A server, and clients a, b and c, each of which says who it is.
struct Meeting {
  explicit Meeting(const asio::any_io_executor& executor_, const ServerOptions& options = {})
      : executor{executor_}, server{executor_, {}, options} {}

  asio::awaitable<void> connect() {
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    for (const char* const name : {"a", "b", "c"}) {
      Client& client = clients.emplace_back(executor, routes(name), at_once(name));
      co_await client.connect(at, 10s);
    }
    co_await becomes([this] { return server.clients().size() >= 3; });
  }
  Routes routes(const std::string& name) {
    Routes all;
    all.on("who", [name] { return name; });
    all.on("note", [this, name](int) { noted[name]++; });
    all.on("if_b", [name] {
      if (name != "b") throw RequesterFault{"I am " + name, 1};
      return name;
    });
    all.on("wait", [this](int i) -> asio::awaitable<int> {
      co_await gate.pass();
      co_return i;
    });
    return all;
  }

  asio::any_io_executor executor;
  Gate gate;
  std::map<std::string, int> noted;
  Server server;
  std::list<Client> clients;
};

TEST(AServer, asks_the_client_that_it_names) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    for (const char* const name : {"b", "a", "c"}) {
      const Requester client = meeting.server.to(name);
      EXPECT_EQ(co_await client.request<std::string>("who", 0), name);
    }
    const Requester stranger = meeting.server.to("nobody");
    const RequestError failed = co_await failure_of(stranger.request<std::string>("who", 0));
    EXPECT_EQ(failed.code(), error::unknown_peer);
    EXPECT_STREQ(failed.what(), "request \"who\": client \"nobody\" is not connected");
    EXPECT_EQ(stranger.try_notify("note", 0), error::unknown_peer);
    EXPECT_EQ(meeting.server.stats().calls_waiting, 0U);
  });
}

TEST(AServer, asks_any_each_in_its_turn) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    const RequestError nobody = co_await failure_of(meeting.server.to_any().request<std::string>("who", 0));
    EXPECT_EQ(nobody.code(), error::unknown_peer);
    EXPECT_STREQ(nobody.what(), "request \"who\": no client is connected");
    co_await meeting.connect();
    std::map<std::string, int> answered;
    const Requester any = meeting.server.to_any();
    for (int i = 0; i < 30; ++i) answered[co_await any.request<std::string>("who", 0)]++;
    EXPECT_EQ(answered, (std::map<std::string, int>{{"a", 10}, {"b", 10}, {"c", 10}}));
    for (int i = 0; i < 30; ++i) co_await any.notify("note", i);
    co_await becomes([&] { return meeting.noted["a"] + meeting.noted["b"] + meeting.noted["c"] == 30; });
    EXPECT_EQ(meeting.noted["b"], 10);
  });
}

TEST(AServer, that_asks_all_for_too_much_asks_nobody) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    options.payload_size_max = 1000;
    Meeting meeting{executor, options};
    co_await meeting.connect();
    const RequestError failed =
        co_await failure_of(meeting.server.to_all().request<std::string>("who", std::string(1000, 'x')));
    EXPECT_EQ(failed.code(), error::message_too_large);
    EXPECT_EQ(meeting.server.last_error(), "request \"who\": a payload of 1002 bytes exceeds the limit of 1000");
    EXPECT_EQ((co_await meeting.server.to_all().request<std::string>("who", 0)).size(), 3U) << "all are still there";
  });
}

TEST(AServer, that_has_asked_all_can_be_told_to_wait_no_longer) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    asio::cancellation_signal stop;
    std::optional<std::exception_ptr> end;
    const auto ask = [&meeting]() -> asio::awaitable<void> {
      (void)co_await meeting.server.to_all().request<int>("wait", 1);
    };
    asio::co_spawn(executor, ask(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown) { end = thrown; }));
    co_await becomes([&] { return meeting.gate.arrived == 3; });
    EXPECT_EQ(meeting.server.stats().calls_waiting, 3U);
    stop.emit(asio::cancellation_type::terminal);
    co_await becomes([&] { return end.has_value(); });
    EXPECT_TRUE(*end);
    EXPECT_EQ(meeting.server.stats().calls_waiting, 0U);
    meeting.gate.open();
  });
}

TEST(AServer, asks_all_and_has_each_ones_answer) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    const auto none = co_await meeting.server.to_all().request<std::string>("who", 0);
    EXPECT_TRUE(none.empty());
    co_await meeting.connect();
    const auto answers = co_await meeting.server.to_all().request<std::string>("if_b", 0);
    EXPECT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers.at(0).client_id, "a");
    EXPECT_EQ(answers.at(0).code, error::handler_failed);
    EXPECT_THAT(answers.at(0).sentence, HasSubstr("request \"if_b\": I am a"));
    EXPECT_FALSE(answers.at(0).value);
    EXPECT_EQ(answers.at(1).client_id, "b");
    EXPECT_FALSE(answers.at(1).code);
    EXPECT_EQ(answers.at(1).value, "b");
    const auto wrong = co_await meeting.server.to_all().request<int>("who", 0);
    EXPECT_EQ(wrong.at(2).code, error::payload_rejected);
    EXPECT_EQ(wrong.at(2).sentence, "$: expected an integer, found string \"c\"");
    EXPECT_FALSE(meeting.server.to_all().notify("note", 1));
    co_await becomes([&] { return meeting.noted.size() == 3; });
  });
}

TEST(AServer, has_the_answers_of_all_also_when_one_is_lost) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    std::optional<std::vector<AnswerOf<int>>> answers;
    asio::co_spawn(executor, meeting.server.to_all().request<int>("wait", 5),
                   [&](std::exception_ptr, std::vector<AnswerOf<int>> all) { answers = std::move(all); });
    co_await becomes([&] { return meeting.gate.arrived == 3; });
    meeting.server.cut_off("b");
    meeting.gate.open();
    co_await becomes([&] { return answers.has_value(); });
    EXPECT_EQ(answers->at(0).value, 5);
    EXPECT_EQ(answers->at(1).code, error::disconnected);
    EXPECT_EQ(answers->at(2).value, 5);
  });
}

TEST(AServer, waits_for_a_client_that_is_to_come) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    const RequestOptions waiting = RequestOptions{}.wait_for_client();
    Names came;
    const auto take = [&](error_code ec, const std::string& who) { came.push_back(ec ? ec.message() : who); };
    meeting.server.to("c").request<std::string>("who", 0, waiting, take);
    meeting.server.to_any().request<std::string>("who", 0, waiting, take);
    asio::cancellation_signal stop;
    std::optional<error_code> cancelled;
    meeting.server.to_any().request<std::string>(
        "who", 0, waiting,
        asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, const std::string&) { cancelled = ec; }));
    stop.emit(asio::cancellation_type::terminal);
    co_await becomes([&] { return cancelled.has_value(); });
    EXPECT_EQ(cancelled, asio::error::operation_aborted);
    EXPECT_TRUE(came.empty());
    const RequestOptions soon = RequestOptions{}.wait_for_client().deadline(20ms);
    const RequestError late = co_await failure_of(meeting.server.to_any().request<std::string>("who", 0, soon));
    EXPECT_EQ(late.code(), error::timed_out);
    EXPECT_STREQ(late.what(), "request \"who\": no client has come");
    const RequestError later = co_await failure_of(meeting.server.to("d").request<std::string>("who", 0, soon));
    EXPECT_EQ(later.code(), error::timed_out);
    co_await meeting.connect();
    co_await becomes([&] { return came.size() == 2; });
    EXPECT_THAT(came, ::testing::UnorderedElementsAre("a", "c"));
  });
}

TEST(AServer, has_so_many_requests_wait_for_whoever_comes_first) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    options.calls_max = 3;
    options.kept_size_max = 2000;
    Meeting meeting{executor, options};
    const RequestOptions waiting = RequestOptions{}.wait_for_client();
    const Requester any = meeting.server.to_any();
    std::vector<error_code> ends;
    const auto note = [&](error_code ec, const std::string&) { ends.push_back(ec); };
    any.request<std::string>("who", std::string(1500, 'x'), waiting, note);
    const std::string large(600, 'x');
    const RequestError too_large = co_await failure_of(any.request<std::string>("who", large, waiting));
    EXPECT_EQ(too_large.code(), error::overloaded);
    EXPECT_STREQ(too_large.what(), "request \"who\": too much waits for a client already");
    for (int i = 0; i < 2; ++i) any.request<std::string>("who", 0, waiting, note);
    const RequestError too_many = co_await failure_of(any.request<std::string>("who", 0, waiting));
    EXPECT_EQ(too_many.code(), error::overloaded);
    co_await meeting.connect();
    co_await becomes([&] { return ends.size() == 3; });
    EXPECT_EQ(ends, std::vector<error_code>(3));
  });
}

TEST(AServer, that_forgets_clients_at_once_rests_while_a_request_waits_for_one) {
  asio::io_context context;
  ServerOptions options;
  options.absence_max = 0ms;
  Server server{context.get_executor(), {}, options};
  bool has_ended = false;
  const RequestOptions waiting = RequestOptions{}.wait_for_client().deadline(50ms);
  server.to("nobody").request<int>("who", 0, waiting, [&](error_code, int) { has_ended = true; });
  int turns = 0;
  ASSERT_TRUE(support::run_until(context, [&] { return ++turns > 1000 || has_ended; }));
  EXPECT_LT(turns, 100);
}

TEST(AServer, waits_for_so_many_clients_that_may_never_come) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    options.clients_max = 2;
    Server server{executor, {}, options};
    const RequestOptions waiting = RequestOptions{}.wait_for_client();
    EXPECT_FALSE(server.to("x").try_notify("note", 1, waiting));
    EXPECT_FALSE(server.to("y").try_notify("note", 1, waiting));
    EXPECT_EQ(server.to("z").try_notify("note", 1, waiting), error::overloaded);
    EXPECT_EQ(server.last_error(), "there are 2 clients already, and \"z\" is none of them");
    co_return;
  });
}

TEST(AServer, knows_who_is_there_and_what_is_under_way) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    for (int i = 0; i < 2; ++i) {
      meeting.server.to("b").request<int>("wait", i, {}, [](error_code, int) {});
    }
    co_await becomes([&] { return meeting.gate.arrived == 2; });
    std::vector<ClientInfo> clients = meeting.server.clients();
    EXPECT_EQ(clients.size(), 3U);
    EXPECT_EQ(clients.at(1).peer.client_id, "b");
    EXPECT_EQ(clients.at(1).calls_waiting, 2U);
    EXPECT_EQ(clients.at(0).calls_waiting, 0U);
    EXPECT_TRUE(clients.at(1).is_connected);
    EXPECT_TRUE(clients.at(1).peer.endpoint);
    EXPECT_EQ(meeting.server.stats().calls_waiting, 2U);
    EXPECT_EQ(meeting.clients.back().stats().handlers_running, 0U);
    meeting.clients.clear();
    co_await becomes([&] { return !meeting.server.clients().at(1).is_connected; });
    EXPECT_EQ(meeting.server.stats().calls_waiting, 0U);
  });
}

TEST(AServer, cuts_a_client_off_that_may_come_again) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    EXPECT_FALSE(meeting.server.cut_off("nobody"));
    EXPECT_TRUE(meeting.server.cut_off("a"));
    EXPECT_FALSE(meeting.server.cut_off("a")) << "it is not connected";
    const Event gone = co_await event_of(meeting.server, Event::Kind::disconnected);
    EXPECT_EQ(gone.client_id, "a");
    EXPECT_EQ(gone.cause, error::closed);
    EXPECT_EQ(gone.sentence, "cut off by this side");
    const Event back = co_await event_of(meeting.server, Event::Kind::connected);
    EXPECT_EQ(back.client_id, "a");
    const Requester a = meeting.server.to("a");
    EXPECT_EQ(co_await a.request<std::string>("who", 0), "a");
  });
}

TEST(AServer, tells_of_its_clients_in_order) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    for (const char* const name : {"a", "b", "c"}) {
      const Event came = co_await meeting.server.next_event(1s);
      EXPECT_EQ(came.kind, Event::Kind::connected);
      EXPECT_EQ(came.client_id, name);
      EXPECT_TRUE(came.endpoint);
    }
    const Error none = co_await support::error_of(meeting.server.next_event(5ms));
    EXPECT_EQ(none.code(), error::timed_out);
    EXPECT_THAT(none.what(), ::testing::ContainsRegex("^next_event timed out after [0-9]+ ms$"));
    co_await meeting.clients.front().close(1s);
    const Event left = co_await meeting.server.next_event(10s);
    EXPECT_EQ(left.kind, Event::Kind::disconnected);
    EXPECT_EQ(left.client_id, "a");
    co_await meeting.server.stop(10s);
    for (int i = 0; i < 2; ++i) {
      const Event end = co_await meeting.server.next_event(1s);
      EXPECT_EQ(end.kind, Event::Kind::disconnected);
      EXPECT_EQ(end.sentence, "this side has left");
    }
    const Error over = co_await support::error_of(meeting.server.next_event(1s));
    EXPECT_EQ(over.code(), error::closed) << "all has been told";
  });
}

TEST(AServer, drops_the_oldest_events_where_nobody_takes_them) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, {}};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("c")};
    co_await client.connect(at, 10s);
    for (int i = 0; i < 5000; ++i) co_await client.notify("nope", i);
    co_await becomes([&] { return server.stats().requests_received == 5000; });
    EXPECT_EQ(server.stats().events_missed, 5001U - 4096U);
    const Event first = co_await server.next_event(1s);
    EXPECT_EQ(first.kind, Event::Kind::notice_failed);
  });
}

}  // namespace
}  // namespace parley::rpc::clients_test
