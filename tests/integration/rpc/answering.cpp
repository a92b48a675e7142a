// How handlers run: at once, as coroutines, on a pool; what they throw; how many at a time, and whose turn it is.
#include <parley/rpc/fault.hpp>

#include "support/requests.hpp"

#include <boost/asio/thread_pool.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace parley::rpc::answering_test {
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

/// A server with these routes and a client that is connected, while `body(server, client)` runs.
template <class Body>
void meet(Routes routes, ServerOptions options, Body body) {
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, std::move(routes), std::move(options)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("c")};
    co_await client.connect(at, 10s);
    co_await body(server, client);
  });
}

/// Everything that may come out of a handler, at once or later.
void throw_by_number(int which) {
  switch (which) {
    case 0: throw std::runtime_error{"plain"};
    case 1: throw RequesterFault{"yours", 1};
    case 2: throw ResponderFault{"mine", 2};
    case 3: throw 42;
    case 4: throw "text";
    case 5: throw Error{error::timed_out, "of its own"};
    case 6: throw boost::system::system_error{asio::error::connection_refused};
    case 7: throw std::runtime_error{"not UTF-8: \xFF"};
    case 8: throw std::runtime_error{std::string(1'000'000, 'x')};
    case 9: throw std::bad_alloc{};
    case 10: throw boost::system::system_error{asio::error::operation_aborted};
    default: break;
  }
}
constexpr int throw_count = 11;

Routes throwing(const asio::any_io_executor& pool) {
  Routes routes;
  routes.on("now", [](int i) { throw_by_number(i); });
  routes.on("later", [](int i) -> asio::awaitable<void> {
    throw_by_number(i);
    co_return;
  });
  routes.on_pool(pool, "pool", [](int i) { throw_by_number(i); });
  return routes;
}

TEST(AHandler, may_throw_anything_and_who_asked_is_told) {
  asio::thread_pool pool{1};
  meet(throwing(pool.get_executor()), {}, [](Server&, Client& client) -> asio::awaitable<void> {
    for (const char* const route : {"now", "later", "pool"}) {
      std::vector<std::string> said;
      for (int i = 0; i < throw_count; ++i) {
        const RequestError failed = co_await failure_of(client.request<void>(route, i));
        EXPECT_EQ(failed.code(), error::handler_failed) << route << i;
        said.push_back(failed.fault_message());
      }
      EXPECT_EQ(said[0], "plain");
      EXPECT_EQ(said[1], "yours");
      EXPECT_EQ(said[2], "mine");
      EXPECT_EQ(said[3], "the handler has failed");
      EXPECT_EQ(said[4], "the handler has failed");
      EXPECT_EQ(said[5], "of its own");
      EXPECT_THAT(said[6], HasSubstr("refused"));
      EXPECT_EQ(said[7], "not UTF-8: \xEF\xBF\xBD");
      EXPECT_EQ(said[8], std::string(64 * 1024, 'x')) << "cut";
      EXPECT_EQ(said[9], std::bad_alloc{}.what());
      EXPECT_EQ(said[10], "the handler was cancelled");
      co_await client.request<void>(route, throw_count);
    }
  });
}

TEST(AHandler, need_not_tell_its_exceptions_text) {
  asio::thread_pool pool{1};
  ServerOptions options;
  options.tells_exceptions = false;
  Routes routes = throwing(pool.get_executor());
  routes.on("unencodable", [] { return std::numeric_limits<double>::quiet_NaN(); });
  meet(std::move(routes), options, [](Server&, Client& client) -> asio::awaitable<void> {
    for (const char* const route : {"now", "later", "pool"}) {
      for (const int i : {0, 3, 5, 6, 8, 9}) {
        const RequestError failed = co_await failure_of(client.request<void>(route, i));
        EXPECT_EQ(failed.fault_message(), "the handler has failed") << i;
      }
      const RequestError meant = co_await failure_of(client.request<void>(route, 1));
      EXPECT_EQ(meant.fault_message(), "yours") << "a Fault is meant to be told";
    }
    const RequestError unencodable = co_await failure_of(client.request<double>("unencodable", 0));
    EXPECT_EQ(unencodable.fault_message(), "Response serialize error");
  });
}

TEST(AHandler, that_returns_what_cannot_be_written_has_failed) {
  Routes routes;
  routes.on("nan", [] { return std::numeric_limits<double>::quiet_NaN(); });
  routes.on("text", [] { return std::string{"\xFF"}; });
  meet(std::move(routes), {}, [](Server&, Client& client) -> asio::awaitable<void> {
    for (const char* const route : {"nan", "text"}) {
      const RequestError failed = co_await failure_of(client.request<Message>(route, 0));
      EXPECT_EQ(failed.code(), error::handler_failed);
      EXPECT_EQ(failed.of(), FaultOf::responder);
      EXPECT_THAT(failed.fault_message(), StartsWith("Response serialize error: "));
    }
  });
}

TEST(AHandler, of_a_notification_that_throws_is_told_where_it_runs) {
  asio::thread_pool pool{1};
  meet(throwing(pool.get_executor()), {}, [](Server& server, Client& client) -> asio::awaitable<void> {
    for (const char* const route : {"now", "later", "pool"}) {
      co_await client.notify(route, 0);
      const Event told = co_await event_of(server, Event::Kind::notice_failed);
      EXPECT_EQ(told.client_id, "c");
      EXPECT_EQ(told.sentence, std::string{"notification \""} + route + "\": plain");
    }
    co_await client.notify("nope", 0);
    const Event unknown = co_await event_of(server, Event::Kind::notice_failed);
    EXPECT_EQ(unknown.sentence, "notification \"nope\": Route \"nope\" is not defined");
  });
}

TEST(AHandler, knows_who_asks_and_how) {
  Routes routes;
  std::optional<Caller> seen;
  routes.on("who", [&](const Caller& caller) { seen = caller; });
  meet(std::move(routes), {}, [&](Server&, Client& client) -> asio::awaitable<void> {
    co_await client.request<void>("who", 1);
    EXPECT_EQ(seen->peer->client_id, "c");
    EXPECT_TRUE(seen->peer->endpoint);
    EXPECT_EQ(seen->route, "who");
    EXPECT_TRUE(seen->wants_answer);
    EXPECT_THAT(seen->metadata, HasSubstr("\"type\": 1, \"route\": \"who\"}"));
    seen.reset();
  });
}

TEST(AHandler, on_a_pool_holds_nobody_up) {
  asio::thread_pool pool{2};
  std::atomic<bool> may_end = false;
  std::atomic<int> running = 0;
  const std::thread::id here = std::this_thread::get_id();
  Routes routes;
  routes.on_pool(pool.get_executor(), "slow", [&](int i) {
    EXPECT_NE(std::this_thread::get_id(), here);
    ++running;
    while (!may_end) std::this_thread::yield();
    return i;
  });
  routes.on("quick", [](int i) { return i; });
  meet(std::move(routes), {}, [&](Server&, Client& client) -> asio::awaitable<void> {
    int answered = 0;
    for (int i = 0; i < 2; ++i) client.request<int>("slow", i, {}, [&](error_code, int) { ++answered; });
    co_await becomes([&] { return running == 2; });
    EXPECT_EQ(co_await client.request<int>("quick", 5), 5);
    EXPECT_EQ(answered, 0);
    may_end = true;
    co_await becomes([&] { return answered == 2; });
  });
}

TEST(Handlers, may_be_added_while_the_server_runs_unless_both_are_for_the_same) {
  Routes routes;
  routes.on("old", [] { return 1; });
  meet(std::move(routes), {}, [](Server& server, Client& client) -> asio::awaitable<void> {
    const RequestError before = co_await failure_of(client.request<int>("new", 0));
    EXPECT_EQ(before.code(), error::no_such_route);
    Routes more;
    more.on("new", [] { return 2; });
    server.add(std::move(more));
    EXPECT_EQ(co_await client.request<int>("new", 0), 2);
    Routes clash;
    clash.on("newer", [] { return 3; }).on("old", [] { return 4; }).on("new", [] { return 5; });
    try {
      server.add(std::move(clash));
      ADD_FAILURE() << "added";
    } catch (const std::invalid_argument& refused) {
      EXPECT_STREQ(refused.what(), "more than one handler for the same requests: \"new\", \"old\"");
    }
    EXPECT_EQ(co_await client.request<int>("old", 0), 1);
    const RequestError unchanged = co_await failure_of(client.request<int>("newer", 0));
    EXPECT_EQ(unchanged.code(), error::no_such_route);
    Routes of_client;
    of_client.on("back", [] { return 6; });
    client.add(std::move(of_client));
    EXPECT_EQ(co_await server.to("c").request<int>("back", 0), 6);
  });
}

TEST(Handlers, run_so_many_at_a_time_then_wait_then_are_refused) {
  Gate gate;
  Routes routes;
  routes.on("wait", [&](int i) -> asio::awaitable<int> {
    co_await gate.pass();
    co_return i;
  });
  ServerOptions options;
  options.handlers_max = 2;
  options.waiting_count_max = 3;
  meet(std::move(routes), options, [&](Server& server, Client& client) -> asio::awaitable<void> {
    std::vector<int> answered;
    int refused = 0;
    for (int i = 0; i < 7; ++i) {
      client.request<int>("wait", i, {}, [&](error_code ec, int value) {
        if (!ec) return answered.push_back(value);
        EXPECT_EQ(ec, error::overloaded);
        ++refused;
      });
    }
    co_await becomes([&] { return refused == 2; });
    EXPECT_EQ(gate.arrived, 2);
    EXPECT_EQ(server.stats().handlers_running, 5U);
    EXPECT_EQ(server.stats().requests_refused, 2U);
    EXPECT_THAT(client.last_error(), HasSubstr("too many requests are at work, and wait for their turn"));
    gate.let_one_pass();
    co_await becomes([&] { return answered.size() == 1; });
    co_await becomes([&] { return gate.arrived == 3; });
    gate.open();
    co_await becomes([&] { return answered.size() == 5; });
    EXPECT_EQ(answered, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_EQ(server.stats().handlers_running, 0U);
  });
}

TEST(Handlers, that_wait_for_their_turn_take_so_many_bytes) {
  Gate gate;
  Routes routes;
  routes.on("wait", [&](const std::string&) -> asio::awaitable<void> { co_await gate.pass(); });
  ServerOptions options;
  options.handlers_max = 1;
  options.waiting_size_max = 10'000;
  meet(std::move(routes), options, [&](Server&, Client& client) -> asio::awaitable<void> {
    std::vector<error_code> ends;
    for (int i = 0; i < 5; ++i) {
      client.request<void>("wait", std::string(4000, 'x'), {}, [&](error_code ec) { ends.push_back(ec); });
    }
    co_await becomes([&] { return ends.size() == 2; });
    EXPECT_EQ(ends[0], error::overloaded);
    EXPECT_EQ(ends[1], error::overloaded);
    gate.open();
    co_await becomes([&] { return ends.size() == 5; });
    EXPECT_FALSE(ends[4]);
  });
}

TEST(Handlers, of_one_client_do_not_keep_others_waiting) {
  Gate gate;
  Routes routes;
  routes.on("wait", [&](int i, Caller caller) -> asio::awaitable<int> {
    if (caller.peer->client_id == "c") co_await gate.pass();
    co_return i;
  });
  ServerOptions options;
  options.handlers_max = 2;
  meet(std::move(routes), options, [&](Server& server, Client& client) -> asio::awaitable<void> {
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    int answered = 0;
    for (int i = 0; i < 100; ++i) client.request<int>("wait", i, {}, [&](error_code, int) { ++answered; });
    co_await becomes([&] { return gate.arrived == 2 && server.stats().handlers_running == 100; });
    Client other{client.get_executor(), at_once("other")};
    co_await other.connect(at, 10s);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(co_await other.request<int>("wait", i), i);
    EXPECT_EQ(answered, 0);
    EXPECT_EQ(gate.arrived, 2) << "its marks are its own";
    gate.open();
    co_await becomes([&] { return answered == 100; });
  });
}

TEST(Handlers, whose_turn_comes_late_are_those_that_there_were_when_the_request_came) {
  Gate gate;
  Routes routes;
  routes.on_any([&](int i) -> asio::awaitable<int> {
    co_await gate.pass();
    co_return i;
  });
  ServerOptions options;
  options.handlers_max = 1;
  meet(std::move(routes), options, [&](Server& server, Client& client) -> asio::awaitable<void> {
    std::vector<int> answered;
    for (const char* const name : {"one", "two", "three"}) {
      client.request<int>(name, 1, {}, [&](error_code ec, int value) { answered.push_back(ec ? -1 : value); });
    }
    co_await becomes([&] { return server.stats().handlers_running == 3; });
    // From now on a name that no handler has is nobody's; and one of the names has another handler.
    server.add(std::move(Routes{}.on("two", [](int i) { return i + 1; })));
    gate.open();
    co_await becomes([&] { return answered.size() == 3; });
    EXPECT_EQ(answered, (std::vector<int>{1, 1, 1}));
    const RequestError failed = co_await failure_of(client.request<int>("three", 1));
    EXPECT_EQ(failed.code(), error::no_such_route);
  });
}

}  // namespace
}  // namespace parley::rpc::answering_test
