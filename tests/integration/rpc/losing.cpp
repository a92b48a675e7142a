// What becomes of requests and notifications when the connection is lost, and of what waits for the next.
#include "support/raw_peer.hpp"
#include "support/requests.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace parley::rpc::losing_test {
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
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// A server whose handler waits at a gate, and a client, whose connection is cut while it waits.
struct Meeting {
  explicit Meeting(const asio::any_io_executor& executor_)
      : server{executor_, routes()}, client{executor_, at_once("c")} {}

  Routes routes() {
    Routes all;
    all.on("wait", [this](int i) -> asio::awaitable<int> {
      ++handled;
      co_await gate.pass();
      co_return i;
    });
    all.on("note", [this](int i) { notes.push_back(i); });
    all.on("now", [](int i) { return i; });
    return all;
  }
  asio::awaitable<void> connect() {
    at = co_await server.bind("tcp://127.0.0.1:0");
    co_await client.connect(at, 10s);
  }
  asio::awaitable<void> lose() {
    server.cut_off("c");
    co_await event_of(client, Event::Kind::disconnected);
  }
  asio::awaitable<void> come_back() {
    co_await event_of(client, Event::Kind::connected);
    co_await becomes([this] { return server.clients().at(0).is_connected; });
  }

  Gate gate;
  int handled = 0;
  std::vector<int> notes;
  Server server;
  Client client;
  Endpoint at{"tcp://127.0.0.1:0"};
};

TEST(ALostConnection, fails_requests_by_the_name_of_that) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    std::optional<error_code> ended;
    meeting.client.request<int>("wait", 1, {}, [&](error_code ec, int) { ended = ec; });
    co_await becomes([&] { return meeting.gate.arrived == 1; });
    meeting.server.cut_off("c");
    co_await becomes([&] { return ended.has_value(); });
    EXPECT_EQ(ended, error::disconnected);
    EXPECT_THAT(meeting.client.last_error(),
                StartsWith("request \"wait\": the connection was lost before the answer came: "));
    const Event lost = co_await event_of(meeting.client, Event::Kind::disconnected);
    EXPECT_EQ(lost.endpoint, meeting.at);
    EXPECT_TRUE(lost.cause);
    EXPECT_FALSE(lost.sentence.empty());
    co_await meeting.come_back();
    meeting.gate.open();
    co_await becomes([&] { return meeting.client.stats().answers_unasked == 1; });
    EXPECT_EQ(meeting.client.stats().answers_received, 0U);
    EXPECT_EQ(co_await meeting.client.request<int>("now", 3), 3);
  });
}

TEST(ALostConnection, is_waited_out_by_requests_that_resume) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    std::vector<int> answers;
    for (int i = 0; i < 5; ++i) {
      meeting.client.request<int>("wait", i, RequestOptions{}.resume(),
                                  [&](error_code ec, int value) { answers.push_back(ec ? -1 : value); });
    }
    co_await becomes([&] { return meeting.gate.arrived == 5; });
    co_await meeting.lose();
    meeting.gate.open();  // some of them answer while nobody is there
    co_await becomes([&] { return answers.size() == 5; });
    EXPECT_EQ(answers, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(meeting.handled, 5);
  });
}

TEST(ALostConnection, makes_idempotent_requests_go_out_again) {
  support::RawListener forgetful;
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Client client{executor, at_once("c")};
    client.dial(forgetful.endpoint());
    std::optional<int> answer;
    client.request<int>("now", 7, RequestOptions{}.idempotent(),
                        [&](error_code ec, int value) { answer = ec ? -1 : value; });
    std::optional<error_code> ended;
    {
      support::RawPeer first = forgetful.accept();
      first.write(std::string{"{\"hello\": \"hello\"}"} + '\0');
      co_await event_of(client, Event::Kind::connected);
      client.request<int>("now", 8, {}, [&](error_code ec, int) { ended = ec; });
      co_await becomes([&] { return client.stats().requests_sent == 2; });
      first.reset();
    }
    co_await becomes([&] { return ended.has_value(); });
    EXPECT_EQ(ended, error::disconnected) << "the other is not sent again";
    EXPECT_FALSE(answer);
    Routes routes;
    std::vector<int> handled;
    routes.on("now", [&](int i) {
      handled.push_back(i);
      return i;
    });
    Server server{executor, std::move(routes)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    client.dial(at);
    co_await becomes([&] { return answer.has_value(); });
    EXPECT_EQ(answer, 7);
    EXPECT_EQ(handled, std::vector<int>(1, 7));
  });
}

TEST(ALostConnection, does_not_make_a_handler_run_twice) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    std::optional<int> answer;
    meeting.client.request<int>("wait", 1, RequestOptions{}.idempotent(),
                                [&](error_code ec, int value) { answer = ec ? -1 : value; });
    co_await becomes([&] { return meeting.gate.arrived == 1; });
    co_await meeting.lose();
    co_await meeting.come_back();
    EXPECT_EQ(co_await meeting.client.request<int>("now", 3), 3);  // what was sent again has come before it
    meeting.gate.open();
    co_await becomes([&] { return answer.has_value(); });
    EXPECT_EQ(answer, 1);
    EXPECT_EQ(meeting.handled, 1) << "it was still at work";
  });
}

TEST(ALostConnection, keeps_what_the_server_has_for_its_client) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    std::vector<int> notes;
    Routes of_client;
    of_client.on("note", [&](int i) { notes.push_back(i); });
    of_client.on("now", [](int i) { return i; });
    Server server{executor, {}};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, std::move(of_client), at_once("c")};
    co_await client.connect(at, 10s);
    client.disconnect();
    co_await event_of(server, Event::Kind::disconnected);
    const Requester to_client = server.to("c");
    EXPECT_EQ(to_client.try_notify("note", 0), error::unknown_peer) << "unless it is to be waited for";
    const RequestOptions waiting = RequestOptions{}.wait_for_client();
    for (int i = 1; i <= 50; ++i) co_await to_client.notify("note", i, waiting);
    std::optional<int> answer;
    to_client.request<int>("now", 9, waiting, [&](error_code ec, int value) { answer = ec ? -1 : value; });
    co_await client.connect(at, 10s);
    co_await becomes([&] { return answer.has_value(); });
    EXPECT_EQ(answer, 9);
    std::vector<int> sent;
    for (int i = 1; i <= 50; ++i) sent.push_back(i);
    EXPECT_EQ(notes, sent) << "in order, and before the request";
  });
}

TEST(ALostConnection, of_a_client_is_remembered_for_so_long) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Gate gate;
    Routes routes;
    routes.on("wait", [&](int i) -> asio::awaitable<int> {
      co_await gate.pass();
      co_return i;
    });
    routes.on("quick", [&](int i) -> asio::awaitable<int> { co_return i; });
    ServerOptions options;
    options.absence_max = 20ms;
    Server server{executor, std::move(routes), options};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("c")};
    co_await client.connect(at, 10s);
    client.request<int>("wait", 1, {}, [](error_code, int) {});
    co_await becomes([&] { return gate.arrived == 1; });
    client.disconnect();
    const Event forgotten = co_await event_of(server, Event::Kind::forgotten);
    EXPECT_EQ(forgotten.client_id, "c");
    EXPECT_EQ(forgotten.sentence, "client c has been away for 20 ms");
    EXPECT_EQ(forgotten.count, 0U);
    EXPECT_TRUE(server.clients().empty());
    co_await becomes([&] { return gate.cancelled == 1; });
  });
}

TEST(WithoutAConnection, notifications_are_kept_in_order_up_to_the_mark) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once("c");
    options.kept_count_max = 100;
    Client client{executor, options};
    Endpoint at = support::RawListener{}.endpoint();
    client.dial(at);
    std::vector<int> sent;
    for (int i = 0; i < 100; ++i) {
      sent.push_back(i);
      co_await client.notify("note", i);
    }
    EXPECT_EQ(client.try_notify("note", 100), error::overloaded);
    EXPECT_THAT(client.last_error(), HasSubstr("too much waits for a connection already"));
    const Error refused = co_await support::error_of(client.notify("note", 100));
    EXPECT_EQ(refused.code(), error::overloaded);
    const RequestError request = co_await failure_of(client.request<int>("note", 100));
    EXPECT_EQ(request.code(), error::overloaded);

    std::vector<int> notes;
    Routes routes;
    routes.on("note", [&](int i) { notes.push_back(i); });
    Server server{executor, std::move(routes)};
    co_await server.bind(at);
    co_await becomes([&] { return notes.size() == 100; });
    EXPECT_EQ(notes, sent);
    EXPECT_EQ(client.stats().notices_sent, 100U);
  });
}

TEST(WithoutAConnection, so_many_bytes_are_kept) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once("c");
    options.kept_size_max = 10'000;
    Client client{executor, options};
    client.dial("tcp://127.0.0.1:1");
    const std::string large(4000, 'x');
    EXPECT_FALSE(client.try_notify("note", large));
    EXPECT_FALSE(client.try_notify("note", large));
    EXPECT_EQ(client.try_notify("note", large), error::overloaded);
    EXPECT_FALSE(client.try_notify("note", 1)) << "what is small has room yet";
    const CloseReport left = co_await client.close(10ms);
    EXPECT_EQ(left.unsent_count, 3U);
  });
}

}  // namespace
}  // namespace parley::rpc::losing_test
