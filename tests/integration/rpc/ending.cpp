// How clients and servers of requests end: in order, at a deadline, or all of a sudden.
#include "support/requests.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace parley::rpc::ending_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::failure_of;
using support::Gate;
using support::run_requests;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// A server and a client, each with a handler that waits at a gate.
struct Meeting {
  explicit Meeting(const asio::any_io_executor& executor)
      : server{std::in_place, executor, routes()}, client{std::in_place, executor, routes(), at_once("c")} {}

  Routes routes() {
    Routes all;
    all.on("wait", [this](int i) -> asio::awaitable<int> {
      co_await gate.pass();
      co_return i;
    });
    all.on("now", [](int i) { return i; });
    return all;
  }
  asio::awaitable<void> connect() {
    const Endpoint at = co_await server->bind("tcp://127.0.0.1:0");
    co_await client->connect(at, 10s);
  }
  /// Requests of the client, at the gate.
  asio::awaitable<void> ask(int count) {
    for (int i = 0; i < count; ++i) {
      client->request<int>("wait", i, {}, [this](error_code ec, int) { ends.push_back(ec); });
    }
    co_await becomes([this, count] { return gate.arrived == count; });
  }

  Gate gate;
  std::vector<error_code> ends;
  std::optional<Server> server;
  std::optional<Client> client;
};

TEST(AServerThatStops, lets_handlers_return_and_writes_their_answers) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(3);
    std::optional<CloseReport> report;
    meeting.server->stop(10s, [&](error_code ec, CloseReport left) {
      EXPECT_FALSE(ec);
      report = left;
    });
    const RequestError refused = co_await failure_of(meeting.client->request<int>("now", 1));
    EXPECT_EQ(refused.code(), error::overloaded);
    EXPECT_THAT(refused.what(), HasSubstr("the other side is stopping"));
    EXPECT_FALSE(report);
    meeting.gate.open();
    co_await becomes([&] { return report.has_value(); });
    EXPECT_EQ(*report, CloseReport{});
    EXPECT_EQ(meeting.ends, std::vector<error_code>(3));
    co_await becomes([&] { return !meeting.client->is_connected(); });
    const CloseReport again = co_await meeting.server->stop(1s);
    EXPECT_EQ(again, CloseReport{}) << "once is enough";
    EXPECT_EQ(meeting.server->stats().requests_received, 4U) << "also after it has stopped";
  });
}

TEST(AServerThatStops, cancels_handlers_at_the_deadline_and_counts_them) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(3);
    const CloseReport report = co_await meeting.server->stop(10ms);
    EXPECT_EQ(report.handlers_cancelled, 3U);
    co_await becomes([&] { return meeting.gate.cancelled == 3; });
    co_await becomes([&] { return meeting.ends.size() == 3; });
    EXPECT_EQ(meeting.ends, std::vector<error_code>(3, error::disconnected));
  });
}

TEST(AServerThatStops, takes_nobody_any_more) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(1);
    std::optional<CloseReport> report;
    meeting.server->stop(10s, [&](error_code, CloseReport left) { report = left; });
    const Error unbound = co_await support::error_of(meeting.server->bind("tcp://127.0.0.1:0"));
    EXPECT_EQ(unbound.code(), error::closed);
    const RequestError unasked = co_await failure_of(meeting.server->to("c").request<int>("now", 1));
    EXPECT_EQ(unasked.code(), error::closed);
    EXPECT_EQ(meeting.server->to("c").try_notify("now", 1), error::closed);
    meeting.gate.open();
    co_await becomes([&] { return report.has_value(); });
  });
}

TEST(AClientThatCloses, has_its_answers_first) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(3);
    std::optional<CloseReport> report;
    meeting.client->close(10s, [&](error_code, CloseReport left) { report = left; });
    const RequestError refused = co_await failure_of(meeting.client->request<int>("now", 1));
    EXPECT_EQ(refused.code(), error::closed);
    EXPECT_STREQ(refused.what(), "request \"now\": this side was closed");
    EXPECT_FALSE(report);
    meeting.gate.open();
    co_await becomes([&] { return report.has_value(); });
    EXPECT_EQ(*report, CloseReport{});
    EXPECT_EQ(meeting.ends, std::vector<error_code>(3));
    EXPECT_THROW(meeting.client->dial("tcp://127.0.0.1:1"), Error);
  });
}

TEST(AClientThatCloses, gives_up_at_the_deadline) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(2);
    const CloseReport report = co_await meeting.client->close(10ms);
    EXPECT_EQ(report.handlers_cancelled, 0U) << "its own, of which there are none";
    EXPECT_EQ(meeting.ends, std::vector<error_code>(2, asio::error::operation_aborted));
    meeting.gate.open();
  });
}

TEST(AClientThatCloses, sends_what_it_has_said_before) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    int came = 0;
    Routes routes;
    routes.on("note", [&](const std::string&) { ++came; });
    Server server{executor, std::move(routes)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("c")};
    co_await client.connect(at, 10s);
    const std::string large(100'000, 'x');
    for (int i = 0; i < 100; ++i) co_await client.notify("note", large);
    const CloseReport report = co_await client.close(20s);
    EXPECT_EQ(report, CloseReport{});
    co_await becomes([&] { return came == 100; });
    const Event gone = co_await support::event_of(server, Event::Kind::disconnected);
    EXPECT_THAT(gone.sentence, ::testing::StartsWith("the other side has left"));
  });
}

TEST(AClientThatCloses, does_not_wait_any_longer_when_what_was_kept_has_gone_out) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    std::optional<Server> server{std::in_place, executor, Routes{}};
    const Endpoint at = co_await server->bind("tcp://127.0.0.1:0");
    server.reset();
    Client client{executor, at_once("c")};
    client.dial(at);
    co_await support::event_of(client, Event::Kind::retrying);
    co_await client.notify("note", 1);
    std::optional<CloseReport> report;
    client.close(Deadline::never(), [&](error_code, CloseReport left) { report = left; });
    int came = 0;
    Routes routes;
    routes.on("note", [&](int i) { came += i; });
    server.emplace(executor, std::move(routes));
    co_await server->bind(at);
    co_await becomes([&] { return report.has_value(); });
    EXPECT_EQ(*report, CloseReport{});
    co_await becomes([&] { return came == 1; });
  });
}

TEST(AServerThatStops, does_not_wait_for_a_client_that_it_cuts_off) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    error_code end;
    meeting.server->to("c").request<int>("wait", 1, {}, [&](error_code ec, int) { end = ec; });
    co_await becomes([&] { return meeting.gate.arrived == 1; });
    std::optional<CloseReport> report;
    meeting.server->stop(Deadline::never(), [&](error_code, CloseReport left) { report = left; });
    EXPECT_TRUE(meeting.server->cut_off("c"));
    co_await becomes([&] { return report.has_value(); });
    EXPECT_EQ(end, error::disconnected);
    meeting.gate.open();
  });
}

TEST(Destroying, a_client_ends_what_waits) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(3);
    std::optional<error_code> event;
    co_await meeting.client->next_event(1s);
    meeting.client->next_event(Deadline::never(), [&](error_code ec, const Event&) { event = ec; });
    const Requester orphan = *meeting.client;
    meeting.client.reset();
    co_await becomes([&] { return meeting.ends.size() == 3 && event; });
    EXPECT_EQ(meeting.ends, std::vector<error_code>(3, asio::error::operation_aborted));
    EXPECT_EQ(event, asio::error::operation_aborted);
    const RequestError gone = co_await failure_of(orphan.request<int>("now", 1));
    EXPECT_EQ(gone.code(), asio::error::operation_aborted);
    EXPECT_EQ(orphan.try_notify("now", 1), asio::error::operation_aborted);
    meeting.gate.open();
  });
}

TEST(Destroying, a_server_cancels_its_handlers) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(3);
    meeting.server.reset();
    co_await becomes([&] { return meeting.ends.size() == 3; });
    EXPECT_EQ(meeting.ends, std::vector<error_code>(3, error::disconnected));
    co_await becomes([&] { return meeting.gate.cancelled == 3; });
  });
}

TEST(Destroying, may_happen_in_a_handler) {
  for (const bool is_later : {false, true}) {
    run_requests([is_later](asio::any_io_executor executor) -> asio::awaitable<void> {
      std::optional<Server> server;
      Routes routes;
      if (is_later) {
        routes.on("end", [&]() -> asio::awaitable<int> {
          server.reset();
          co_return 1;
        });
      } else {
        routes.on("end", [&] {
          server.reset();
          return 1;
        });
      }
      server.emplace(executor, std::move(routes));
      const Endpoint at = co_await server->bind("tcp://127.0.0.1:0");
      Client client{executor, at_once("c")};
      co_await client.connect(at, 10s);
      const RequestError failed = co_await failure_of(client.request<int>("end", 0));
      EXPECT_EQ(failed.code(), error::disconnected);
    });
  }
}

TEST(Destroying, may_happen_where_an_answer_comes) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    int answered = 0;
    for (int i = 0; i < 5; ++i) {
      meeting.client->request<int>("now", i, {}, [&](error_code, int) {
        ++answered;
        meeting.client.reset();
      });
    }
    co_await becomes([&] { return answered == 5; });
    EXPECT_FALSE(meeting.client);
  });
}

TEST(Destroying, may_be_by_moving_another_there) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    co_await meeting.ask(1);
    *meeting.client = Client{executor, at_once("other")};
    co_await becomes([&] { return meeting.ends.size() == 1; });
    EXPECT_EQ(meeting.ends.front(), asio::error::operation_aborted);
    EXPECT_EQ(meeting.client->client_id(), "other");
    *meeting.server = Server{executor, {}};
    EXPECT_TRUE(meeting.server->clients().empty());
    meeting.gate.open();
  });
}

TEST(Destroying, the_context_first_calls_nobody) {
  bool was_called = false;
  Gate gate;
  std::optional<Server> server;
  std::optional<Client> client;
  {
    asio::io_context context;
    Routes routes;
    routes.on("wait", [&](int i) -> asio::awaitable<int> {
      co_await gate.pass();
      co_return i;
    });
    server.emplace(context.get_executor(), routes);
    client.emplace(context.get_executor(), routes, at_once("c"));
    std::optional<Endpoint> at;
    server->bind("tcp://127.0.0.1:0", {}, [&](error_code, Endpoint bound) { at = std::move(bound); });
    ASSERT_TRUE(support::run_until(context, [&] { return at.has_value(); }));
    client->dial(*at);
    for (int i = 0; i < 3; ++i) client->request<int>("wait", i, {}, [&](error_code, int) { was_called = true; });
    client->next_event(Deadline::never(), [](error_code, const Event&) {});
    client->next_event(Deadline::never(), [&](error_code, const Event&) { was_called = true; });
    ASSERT_TRUE(support::run_until(context, [&] { return gate.arrived == 3; }));
    // What runs at the client, and is to be cancelled at a time, refers to the context too.
    RequestOptions in_time;
    in_time.deadline(10min);
    server->to_any().request<int>("wait", 1, in_time, [&](error_code, int) { was_called = true; });
    ASSERT_TRUE(support::run_until(context, [&] { return gate.arrived == 4; }));
    server->to_any().request<int>("x", 1, {}, [&](error_code, int) { was_called = true; });
    client->close(10s, [&](error_code, CloseReport) { was_called = true; });
  }
  EXPECT_FALSE(was_called);
  EXPECT_EQ(client->stats().requests_sent, 3U);
  EXPECT_FALSE(client->is_connected());
  EXPECT_TRUE(server->clients().empty());
}

TEST(Destroying, from_another_thread_while_others_run_the_loop_ends_every_request) {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  std::vector<std::thread> loops;
  for (int i = 0; i < 2; ++i) loops.emplace_back([&] { context.run(); });
  std::atomic<int> ended = 0;
  constexpr int rounds = 30;
  for (int round = 0; round < rounds; ++round) {
    Routes routes;
    routes.on("now", [](int i) { return i; });
    routes.on("later", [](int i) -> asio::awaitable<int> { co_return i; });
    std::optional<Server> server{std::in_place, asio::make_strand(context), std::move(routes)};
    const Endpoint at = server->bind("tcp://127.0.0.1:0", {}, asio::use_future).get();
    std::optional<Client> client{std::in_place, asio::make_strand(context), at_once("c")};
    client->dial(at);
    for (int i = 0; i < 20; ++i) {
      client->request<int>(i % 2 == 0 ? "now" : "later", i, {}, [&](error_code, int) { ++ended; });
    }
    if (round % 3 == 0) (void)client->request<int>("now", 1, {}, asio::use_future).get();
    if (round % 2 == 0) server.reset();
    client.reset();
  }
  work.reset();
  for (std::thread& each : loops) each.join();
  EXPECT_EQ(ended, rounds * 20);
}

}  // namespace
}  // namespace parley::rpc::ending_test
