// Requests for programs without an event loop: what each operation does, and who may do it from where.
#include <parley/blocking/rpc_client.hpp>
#include <parley/blocking/rpc_server.hpp>

#include "integration/blocking/pair.hpp"

#include <parley/codec/bytes.hpp>
#include <parley/codec/message_pack.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/describe/class.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace parley::test::blocking_rpc_tests {

struct Sum {
  int a = 0;
  int b = 0;
};
BOOST_DESCRIBE_STRUCT(Sum, (), (a, b))

namespace {

namespace asio = boost::asio;
using asio::execution_context;
using asio::error::operation_aborted;
using boost::system::error_code;
using parley::blocking::code_of;
using parley::blocking::moment;
using parley::blocking::patience;
using parley::blocking::sentence_of;
using rpc::Caller;
using rpc::ClientOptions;
using rpc::Event;
using rpc::RequestError;
using rpc::RequestOptions;
using rpc::Routes;
using rpc::blocking::Client;
using rpc::blocking::Requester;
using rpc::blocking::Server;
using namespace std::chrono_literals;

Routes arithmetic() {
  Routes routes;
  routes.on("sum", [](Sum sum) { return sum.a + sum.b; });
  routes.on("twice", [](int value) { return 2 * value; });
  return routes;
}

ClientOptions named(std::string id) {
  ClientOptions options;
  options.client_id = std::move(id);
  return options;
}

RequestOptions within(Deadline deadline) { return RequestOptions{}.deadline(deadline); }

/// A handler on a pool that takes until it is let go.
class Slow {
 public:
  void add_to(Routes& routes) {
    routes.on_pool(pool_.get_executor(), "slow", [this](int value) {
      ++begun_;
      opened_.wait();
      return value;
    });
  }
  void open() { gate_.set_value(); }
  void wait_for_begun(int count) const {
    while (begun_ < count) std::this_thread::yield();
  }

 private:
  std::promise<void> gate_;
  std::shared_future<void> opened_ = gate_.get_future().share();
  std::atomic<int> begun_ = 0;
  asio::thread_pool pool_{4};  // last: it waits for the handlers
};

Event wait_for_event(auto& side, Event::Kind kind) {
  for (;;) {
    Event event = side.next_event(patience);
    if (event.kind == kind) return event;
  }
}

class BlockingRpc : public ::testing::Test {
 protected:
  Server server_{arithmetic()};
  const Endpoint at_ = server_.bind("tcp://127.0.0.1:0");

  Client connected(ClientOptions options = {}, Routes routes = {}) {
    Client client{std::move(routes), std::move(options)};
    client.connect(at_, patience);
    return client;
  }
};

// --- what it is for --------------------------------------------------------------------------------------------------

TEST_F(BlockingRpc, a_request_has_its_answer) {
  Client client = connected();
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.request<int>("sum", Sum{2, 3}), 5);
  client.request<void>("sum", Sum{2, 3});
  EXPECT_EQ(client.request<Message>("sum", Message{R"({"a": 20, "b": 3})"}, Bytes{}).text(), "23");
  error_code ec = error::closed;
  EXPECT_EQ(client.request<int>("sum", Sum{2, 4}, {}, ec), 6);
  EXPECT_FALSE(ec);
  EXPECT_EQ(client.stats().requests_sent, 4U);
}

TEST_F(BlockingRpc, values_travel_by_any_codec) {
  Routes routes;
  routes.on(
      "sum packed", [](Sum sum) { return sum.a + sum.b; }, MessagePack{});
  server_.add(std::move(routes));
  EXPECT_EQ(connected().request<int>("sum packed", Sum{20, 3}, MessagePack{}), 23);
}

TEST_F(BlockingRpc, a_notification_arrives_and_waits_for_nothing) {
  std::promise<std::string> arrived;
  Routes routes;
  routes.on("note", [&arrived](std::string text) { arrived.set_value(std::move(text)); });
  server_.add(std::move(routes));
  connected().notify("note", std::string{"on its way"});  // closed at once: what is queued is written
  EXPECT_EQ(arrived.get_future().get(), "on its way");
}

TEST_F(BlockingRpc, the_server_asks_its_clients) {
  const Client one = connected(named("one"), arithmetic());
  const Client two = connected(named("two"), arithmetic());
  wait_for_event(server_, Event::Kind::connected);
  wait_for_event(server_, Event::Kind::connected);
  EXPECT_EQ(server_.clients().size(), 2U);
  EXPECT_EQ(server_.to("two").request<int>("twice", 21), 42);
  EXPECT_EQ(server_.to_any().request<int>("twice", 4), 8);
  const auto answers = server_.to_all().request<int>("twice", 5);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].client_id, "one");
  EXPECT_EQ(answers[0].value, 10);
  EXPECT_EQ(answers[1].client_id, "two");
  EXPECT_EQ(answers[1].value, 10);
  EXPECT_EQ(code_of([&] { (void)server_.to("three").request<int>("twice", 5); }), error::unknown_peer);
}

TEST_F(BlockingRpc, a_handler_asks_back_by_its_caller) {
  Routes routes;
  routes.on("twice, you", [](int value, Caller caller) -> asio::awaitable<int> {
    co_return co_await caller.back.request<int>("twice", value);
  });
  server_.add(std::move(routes));
  EXPECT_EQ(connected({}, arithmetic()).request<int>("twice, you", 21), 42);
}

// --- what goes wrong -------------------------------------------------------------------------------------------------

TEST_F(BlockingRpc, a_request_that_fails_says_why) {
  Routes routes;
  routes.on("order", [](int) -> int { throw rpc::RequesterFault{"an order without items", 422}; });
  server_.add(std::move(routes));
  Client client = connected();
  try {
    (void)client.request<int>("order", 1);
    FAIL();
  } catch (const RequestError& failed) {
    EXPECT_EQ(failed.code(), error::handler_failed);
    EXPECT_EQ(failed.fault_code(), 422);
    EXPECT_EQ(failed.fault_message(), "an order without items");
  }
  EXPECT_EQ(code_of([&] { client.request<void>("nothing", 1); }), error::no_such_route);
  EXPECT_EQ(code_of([&] { client.request<void>("sum", 1); }), error::payload_rejected);
  EXPECT_EQ(code_of([&] { (void)client.request<std::string>("twice", 1); }), error::payload_rejected);
}

TEST_F(BlockingRpc, the_forms_with_a_code_do_not_throw) {
  Client client = connected();
  error_code ec;
  EXPECT_EQ(client.request<int>("nothing", 1, {}, ec), std::nullopt);
  EXPECT_EQ(ec, error::no_such_route);
  EXPECT_NE(client.last_error().find("\"nothing\""), std::string::npos) << client.last_error();
  client.request<void>("nothing", 1, {}, ec);
  EXPECT_EQ(ec, error::no_such_route);
  EXPECT_EQ(client.request<std::string>("twice", 1, {}, ec), std::nullopt);
  EXPECT_EQ(ec, error::payload_rejected);
  EXPECT_NE(client.last_error().find("expected a string"), std::string::npos) << client.last_error();
  (void)client.next_event(moment, ec);  // the first: connected
  EXPECT_FALSE(ec);
  (void)client.next_event(moment, ec);
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_EQ(client.try_next_event(), std::nullopt);
  EXPECT_EQ(server_.bind(at_, {}, ec), at_);
  EXPECT_EQ(ec, boost::system::errc::address_in_use);
  EXPECT_NE(server_.last_error().find("cannot listen"), std::string::npos) << server_.last_error();
}

TEST_F(BlockingRpc, a_client_that_dials_nothing_is_told_so) {
  const Client client;
  EXPECT_EQ(sentence_of([&] { (void)client.request<int>("sum", Sum{}); }),
            "request \"sum\": the client does not dial any endpoint");
}

TEST_F(BlockingRpc, a_connect_ends_at_its_deadline) {
  server_.stop(patience);
  Client client;
  error_code ec;
  client.connect(at_, {}, moment, ec);
  EXPECT_EQ(ec, error::timed_out);
  EXPECT_NE(client.last_error().find("connect timed out"), std::string::npos) << client.last_error();
  EXPECT_EQ(code_of([&] { client.connect(at_, moment); }), error::timed_out);
  EXPECT_THROW(client.dial("inproc://nobody?"), std::invalid_argument);
}

TEST_F(BlockingRpc, a_request_ends_at_its_deadline) {
  Slow slow;
  Routes routes;
  slow.add_to(routes);
  server_.add(std::move(routes));
  Client client = connected();
  EXPECT_EQ(code_of([&] { (void)client.request<int>("slow", 1, within(moment)); }), error::timed_out);
  slow.open();
  EXPECT_EQ(client.request<int>("slow", 2), 2) << "and the late answer is no other request's";
}

TEST_F(BlockingRpc, a_client_finds_its_server_again) {
  ClientOptions options;
  options.backoff = [](unsigned, std::uint64_t) { return 1ms; };
  Client client = connected(options);
  server_.cut_off(client.client_id());
  EXPECT_EQ(client.request<int>("sum", Sum{2, 3}, RequestOptions{}.idempotent()), 5);
  wait_for_event(client, Event::Kind::disconnected);
  wait_for_event(client, Event::Kind::connected);
  client.disconnect();
  EXPECT_FALSE(client.is_connected());
}

// --- threads ---------------------------------------------------------------------------------------------------------

TEST_F(BlockingRpc, many_threads_ask_by_one_client) {
  Routes routes;
  asio::thread_pool pool{2};
  routes.on_pool(pool.get_executor(), "on a pool", [](int value) { return value + 1; });
  server_.add(std::move(routes));
  Client client = connected();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&client, thread] {
      for (int i = 0; i < 200; ++i) {
        const int value = 1000 * thread + i;
        EXPECT_EQ(client.request<int>("twice", value), 2 * value);
        EXPECT_EQ(client.request<int>("on a pool", value), value + 1);
        (void)client.try_next_event();
        (void)client.stats();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(client.stats().answers_received, 1600U);
  server_.stop(patience);  // before the pool goes
}

TEST_F(BlockingRpc, a_handler_that_would_wait_for_itself_is_told_so) {
  Requester to_self = server_.to_any();
  Routes routes;
  routes.on("ask", [to_self](int value) { return to_self.request<int>("twice", value); });
  routes.on("tell", [to_self](int value) { to_self.notify("noted", value); });
  server_.add(std::move(routes));
  std::promise<int> noted;
  Routes mine;
  mine.on("noted", [&noted](int value) { noted.set_value(value); });
  Client client = connected({}, std::move(mine));
  try {
    (void)client.request<int>("ask", 1);
    FAIL();
  } catch (const RequestError& failed) {
    EXPECT_EQ(failed.code(), error::handler_failed);
    EXPECT_NE(failed.fault_message().find("a request cannot be waited for in the thread"), std::string::npos)
        << failed.fault_message();
  }
  client.request<void>("tell", 7);
  EXPECT_EQ(noted.get_future().get(), 7);
}

TEST_F(BlockingRpc, a_handler_on_a_pool_asks_as_it_likes) {
  asio::thread_pool pool{1};
  Routes routes;
  routes.on_pool(pool.get_executor(), "twice, somebody",
                 [any = server_.to_any()](int value) { return any.request<int>("twice", value); });
  server_.add(std::move(routes));
  EXPECT_EQ(connected({}, arithmetic()).request<int>("twice, somebody", 21), 42);
  server_.stop(patience);
}

// --- ending ----------------------------------------------------------------------------------------------------------

TEST_F(BlockingRpc, a_close_lets_answers_come) {
  Slow slow;
  Routes routes;
  slow.add_to(routes);
  server_.add(std::move(routes));
  Client client = connected();
  auto answer = std::async(std::launch::async, [&client] { return client.request<int>("slow", 7); });
  slow.wait_for_begun(1);
  auto report = std::async(std::launch::async, [&client] { return client.close(patience); });
  while (code_of([&client] { client.notify("twice", 1); }) != error::closed) std::this_thread::yield();
  slow.open();
  EXPECT_EQ(answer.get(), 7);
  EXPECT_EQ(report.get(), rpc::CloseReport{});
  EXPECT_EQ(code_of([&] { (void)client.request<int>("twice", 1); }), error::closed);
  EXPECT_EQ(code_of([&] { client.dial(at_); }), error::closed);
}

TEST_F(BlockingRpc, a_close_ends_at_its_deadline_and_requests_with_it) {
  Slow slow;
  Routes routes;
  slow.add_to(routes);
  server_.add(std::move(routes));
  Client client = connected();
  auto waiting = std::async(std::launch::async,
                            [&client] { return code_of([&client] { (void)client.request<int>("slow", 7); }); });
  slow.wait_for_begun(1);
  client.close(moment);
  EXPECT_EQ(waiting.get(), operation_aborted);
  wait_for_event(server_, Event::Kind::disconnected);
  auto report = std::async(std::launch::async, [this] { return server_.stop(patience); });
  slow.open();
  EXPECT_EQ(report.get().unsent_count, 1U) << "and nobody waits for a client that cannot come any more";
}

TEST_F(BlockingRpc, who_has_a_requester_may_outlive_the_server) {
  std::optional<Server> server{std::in_place, arithmetic()};
  Client client{arithmetic()};
  client.connect(server->bind("tcp://127.0.0.1:0"), patience);
  const Requester back = server->to_any();
  EXPECT_EQ(back.request<int>("twice", 2), 4);
  server.reset();
  EXPECT_EQ(code_of([&] { (void)back.request<int>("twice", 2); }), operation_aborted);
  EXPECT_EQ(code_of([&] { back.notify("twice", 2); }), operation_aborted);
  EXPECT_EQ(code_of([] { (void)Requester{}.request<int>("twice", 2); }), operation_aborted);
}

TEST_F(BlockingRpc, a_server_may_go_while_others_ask_by_it) {
  for (int round = 0; round < 20; ++round) {
    std::optional<Server> server{std::in_place, arithmetic()};
    Client client{arithmetic()};
    client.connect(server->bind("tcp://127.0.0.1:0"), patience);
    std::atomic<int> answered = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([back = server->to_any(), &answered] {
        error_code ec;
        while (!ec) {
          (void)back.request<int>("twice", 1, {}, ec);
          ++answered;
        }
        EXPECT_TRUE(ec == operation_aborted || ec == error::closed || ec == error::disconnected) << ec.message();
      });
    }
    while (answered < 10) std::this_thread::yield();
    server.reset();
  }
}

TEST_F(BlockingRpc, handles_move) {
  Client client = connected(named("one"));
  Client moved = std::move(client);
  EXPECT_EQ(moved.request<int>("sum", Sum{1, 1}), 2);
  moved = connected(named("two"));
  EXPECT_EQ(moved.client_id(), "two");
  EXPECT_EQ(moved.request<int>("sum", Sum{1, 2}), 3);
  Server other{arithmetic()};
  other = std::move(server_);
  EXPECT_EQ(moved.request<int>("sum", Sum{1, 3}), 4);
}

// --- fork ------------------------------------------------------------------------------------------------------------

TEST_F(BlockingRpc, a_child_that_only_destroys_it_leaves_the_connection_alone) {
  std::optional<Client> client{connected()};
  const pid_t child = fork();
  if (child == 0) {
    client.reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(client->request<int>("sum", Sum{2, 3}), 5);
}

TEST_F(BlockingRpc, a_child_goes_on_with_it_after_both_were_told) {
  std::optional<Client> client{connected()};
  client->notify_fork(execution_context::fork_prepare);
  server_.notify_fork(execution_context::fork_prepare);
  const pid_t child = fork();
  if (child == 0) {
    int answer = 0;
    try {
      client->notify_fork(execution_context::fork_child);
      answer = client->request<int>("sum", Sum{2, 3}, within(patience));
    } catch (...) {
    }
    _exit(answer == 5 ? 0 : 1);
  }
  server_.notify_fork(execution_context::fork_parent);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  server_.cut_off(client->client_id());  // the parent's descriptor would keep the connection open
}

}  // namespace
}  // namespace parley::test::blocking_rpc_tests
