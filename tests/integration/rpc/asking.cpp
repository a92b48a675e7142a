// How a request is made: deadlines, cancellation, limits, formats, and the forms of its operations.
#include <parley/codec/bytes.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/text.hpp>
#include <parley/rpc/fault.hpp>

#include "support/requests.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

namespace parley::rpc::asking_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::failure_of;
using support::Gate;
using support::run_requests;
using support::Sum;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// One server, with a handler that waits at a gate, and one client.
struct Meeting {
  explicit Meeting(const asio::any_io_executor& executor, ClientOptions options = at_once("asker"))
      : server{executor, routes()}, client{executor, std::move(options)} {}

  Routes routes() {
    Routes all;
    all.on("sum", [](Sum s) { return s.a + s.b; });
    all.on("wait", [this](int i) -> asio::awaitable<int> {
      co_await gate.pass();
      co_return i;
    });
    all.on(
        "text", [](std::string s) { return s + "!"; }, Text{});
    all.on(
        "bytes", [](Message m) { return m; }, Bytes{});
    all.on(
        "packed",
        [](Sum s) {
          return Sum{s.b, s.a};
        },
        MessagePack{});
    all.on("nothing", [] {});
    return all;
  }
  asio::awaitable<void> connect() {
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    co_await client.connect(at, 10s);
  }

  Gate gate;
  Server server;
  Client client;
};

TEST(ARequest, ends_at_its_deadline_and_a_late_answer_is_nobodys) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    const RequestOptions soon = RequestOptions{}.deadline(20ms);
    const RequestError late = co_await failure_of(meeting.client.request<int>("wait", 1, soon));
    EXPECT_EQ(late.code(), error::timed_out);
    EXPECT_THAT(late.what(), ContainsRegex("^request \"wait\": no answer has come within [0-9]+ ms \\(tcp://"));
    meeting.gate.open();
    co_await becomes([&] { return meeting.client.stats().answers_unasked == 1; });
    EXPECT_EQ(meeting.client.stats().calls_waiting, 0U);
    EXPECT_EQ(co_await meeting.client.request<int>("wait", 2), 2);
  });
}

TEST(ARequest, has_the_time_that_its_client_allows_unless_it_says_otherwise) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once();
    options.request_time_max = 20ms;
    Meeting meeting{executor, options};
    co_await meeting.connect();
    const RequestError late = co_await failure_of(meeting.client.request<int>("wait", 1));
    EXPECT_EQ(late.code(), error::timed_out);
    EXPECT_THAT(late.what(), HasSubstr("within 20 ms"));
  });
}

TEST(ARequest, that_waits_for_a_connection_ends_at_its_deadline_too) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Client client{executor};
    client.dial("tcp://127.0.0.1:1");
    const RequestOptions soon = RequestOptions{}.deadline(20ms);
    const RequestError late = co_await failure_of(client.request<int>("sum", 1, soon));
    EXPECT_EQ(late.code(), error::timed_out);
    EXPECT_THAT(late.what(), ContainsRegex("the other side was not connected within [0-9]+ ms"));
  });
}

TEST(ARequest, is_cancelled_alone) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    asio::cancellation_signal stop;
    std::optional<error_code> cancelled;
    std::optional<error_code> other;
    meeting.client.request<int>("wait", 1, {},
                                asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, int) { cancelled = ec; }));
    meeting.client.request<int>("wait", 2, {}, [&](error_code ec, int) { other = ec; });
    co_await becomes([&] { return meeting.gate.arrived == 2; });
    stop.emit(asio::cancellation_type::terminal);
    co_await becomes([&] { return cancelled.has_value(); });
    EXPECT_EQ(cancelled, asio::error::operation_aborted);
    EXPECT_FALSE(other);
    EXPECT_EQ(meeting.client.stats().calls_waiting, 1U);
    meeting.gate.open();
    co_await becomes([&] { return other.has_value(); });
    EXPECT_FALSE(*other);
    EXPECT_EQ(meeting.gate.cancelled, 0) << "the other side has begun, and goes on";
  });
}

TEST(ARequest, is_cancelled_by_what_is_faster) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    using namespace asio::experimental::awaitable_operators;
    Meeting meeting{executor};
    co_await meeting.connect();
    asio::steady_timer soon{executor, 10ms};
    const auto first = co_await (meeting.client.request<int>("wait", 1) || soon.async_wait(asio::use_awaitable));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(meeting.client.stats().calls_waiting, 0U);
    const Sum sum{1, 2};
    asio::steady_timer never{executor, asio::steady_timer::time_point::max()};
    const auto second = co_await (meeting.client.request<int>("sum", sum) || never.async_wait(asio::use_awaitable));
    EXPECT_EQ(std::get<0>(second), 3);
  });
}

TEST(ARequest, too_many_at_a_time_are_refused_at_once) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once();
    options.calls_max = 2;
    Meeting meeting{executor, options};
    co_await meeting.connect();
    int answered = 0;
    for (int i = 0; i < 2; ++i) meeting.client.request<int>("wait", i, {}, [&](error_code, int) { ++answered; });
    const RequestError refused = co_await failure_of(meeting.client.request<int>("wait", 3));
    EXPECT_EQ(refused.code(), error::overloaded);
    EXPECT_STREQ(refused.what(), "request \"wait\": 2 requests wait for their answers already");
    meeting.gate.open();
    co_await becomes([&] { return answered == 2; });
    EXPECT_EQ(co_await meeting.client.request<int>("wait", 4), 4);
  });
}

TEST(ARequest, larger_than_allowed_is_not_sent_and_a_larger_answer_is_an_error_of_who_answers) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Routes routes;
    routes.on("times", [](int n) { return std::string(static_cast<std::size_t>(n), 'x'); });
    ServerOptions small;
    small.payload_size_max = 1000;
    Server server{executor, std::move(routes), small};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    ClientOptions also_small = at_once();
    also_small.payload_size_max = 1000;
    Client client{executor, also_small};
    co_await client.connect(at, 10s);
    const std::string large(999, 'y');
    const RequestError unsent = co_await failure_of(client.request<int>("times", large));
    EXPECT_EQ(unsent.code(), error::message_too_large);
    EXPECT_STREQ(unsent.what(), "request \"times\": a payload of 1001 bytes exceeds the limit of 1000");
    EXPECT_EQ(client.try_notify("times", large), error::message_too_large);
    const RequestError unanswered = co_await failure_of(client.request<std::string>("times", 999));
    EXPECT_EQ(unanswered.code(), error::handler_failed);
    EXPECT_EQ(unanswered.of(), FaultOf::responder);
    EXPECT_EQ(unanswered.fault_message(), "an answer of 1001 bytes exceeds the limit of 1000");
    const std::string fits = co_await client.request<std::string>("times", 998);
    EXPECT_EQ(fits.size(), 998U);
  });
}

TEST(ARequest, with_a_name_too_large_is_not_sent_and_costs_nobody_the_connection) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    int answered = 0;
    meeting.client.request<int>("wait", 1, {}, [&](error_code, int value) { answered = value; });
    co_await becomes([&] { return meeting.gate.arrived == 1; });
    const RouteName name = std::string(10 * limits::mib, 'x');
    const RequestError unsent = co_await failure_of(meeting.client.request<int>(name, 1));
    EXPECT_EQ(unsent.code(), error::message_too_large);
    EXPECT_STREQ(unsent.what(), "the request: metadata of 10485874 bytes exceeds the limit of 65536");
    EXPECT_EQ(meeting.client.try_notify(name, 1), error::message_too_large);
    meeting.gate.open();
    co_await becomes([&] { return answered == 1; });
  });
}

TEST(ARequest, may_be_allowed_to_take_longer_than_the_clock_can_count) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    constexpr auto for_ever = std::chrono::milliseconds::max();
    ServerOptions options;
    ClientOptions of_client = at_once();
    for (PeerOptions* const each : {static_cast<PeerOptions*>(&options), static_cast<PeerOptions*>(&of_client)}) {
      each->request_time_max = each->greeting_time_max = each->stall_time_max = for_ever;
    }
    options.absence_max = for_ever;
    Routes routes;
    routes.on("times", [](int n) { return 2 * n; });
    Server server{executor, std::move(routes), options};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, of_client};
    co_await client.connect(at, 10s);
    EXPECT_EQ(co_await client.request<int>("times", 2), 4);
    client.disconnect();
    co_await becomes([&] { return !server.clients().at(0).is_connected; });
    co_await client.connect(at, 10s);
    EXPECT_EQ(co_await client.request<int>("times", 3), 6);
  });
}

TEST(ARequest, cannot_be_made_by_options_that_make_no_sense) {
  asio::io_context context;
  ServerOptions nobody_works;
  nobody_works.handlers_max = 0;
  EXPECT_THROW((Server{context.get_executor(), {}, nobody_works}), std::invalid_argument);
  ServerOptions before_now;
  before_now.absence_max = -1ms;
  EXPECT_THROW((Server{context.get_executor(), {}, before_now}), std::invalid_argument);
  ClientOptions impatient;
  impatient.request_time_max = -1ms;
  EXPECT_THROW((Client{context.get_executor(), impatient}), std::invalid_argument);
}

TEST(ARequest, is_of_any_format) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    const Client& client = meeting.client;
    const std::string text = "plain";
    EXPECT_EQ(co_await client.request<std::string>("text", text, Text{}), "plain!");
    const Message bytes{std::string_view{"\0\1\2", 3}};
    const Message same = co_await client.request<Message>("bytes", bytes, Bytes{});
    EXPECT_EQ(same.view(), bytes.view());
    const Sum sum{1, 2};
    const Sum swapped = co_await client.request<Sum>("packed", sum, MessagePack{});
    EXPECT_EQ(swapped.a, 2);
    EXPECT_EQ(swapped.b, 1);
    co_await client.request<void>("nothing", sum);
    const Message null = co_await client.request<Message>("nothing", sum);
    EXPECT_EQ(null.view(), "null");
  });
}

TEST(ARequest, takes_any_completion_token) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    const Client& client = meeting.client;
    const Sum sum{2, 3};

    std::optional<std::tuple<error_code, int>> called;
    client.request<int>("sum", sum, {}, [&](error_code ec, int value) { called.emplace(ec, value); });
    EXPECT_FALSE(called) << "never within the call";
    co_await becomes([&] { return called.has_value(); });
    EXPECT_EQ(*called, std::tuple(error_code{}, 5));

    auto [ec, value] = co_await client.request<int>("sum", sum, {}, asio::as_tuple(asio::deferred));
    EXPECT_FALSE(ec);
    EXPECT_EQ(value, 5);

    auto [nope, none] = co_await client.request<int>("nope", sum, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(nope, error::no_such_route);
    EXPECT_EQ(none, 0);
    EXPECT_THAT(client.last_error(), HasSubstr("Route \"nope\" is not defined"));

    auto [rejected, nothing] = co_await client.request<bool>("sum", sum, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(rejected, error::payload_rejected);
    EXPECT_EQ(client.last_error(), "$: expected true or false, found integer 5");

    auto [done] = co_await client.request<void>("nothing", sum, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_FALSE(done);

    std::future<int> later = client.request<int>("sum", sum, {}, asio::use_future);
    co_await becomes([&] { return later.wait_for(0s) == std::future_status::ready; });
    EXPECT_EQ(later.get(), 5);

    auto [packed_ec, packed] =
        co_await client.request<Sum>("packed", sum, MessagePack{}, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(packed.a, 3);

    auto [event_ec, event] = co_await meeting.client.next_event(1s, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(event.kind, Event::Kind::connected);
    auto [close_ec, report] = co_await meeting.client.close(1s, asio::as_tuple(asio::use_awaitable));
    EXPECT_FALSE(close_ec);
    EXPECT_EQ(report, CloseReport{});
  });
}

/// A program's own, which throws what it likes.
struct Grumpy {
  static constexpr std::string_view name = "grumpy";
  [[nodiscard]] Message encode(const std::string& text) const { return Message{text}; }
  template <class T>
  [[nodiscard]] T decode(const Message&) const {
    throw std::out_of_range{"not today"};
  }
};

TEST(ARequest, whose_codec_throws_what_it_likes_ends_as_one_that_is_rejected) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Meeting meeting{executor};
    co_await meeting.connect();
    const std::string text = "hello";
    auto [ec, answer] =
        co_await meeting.client.request<std::string>("text", text, Grumpy{}, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_EQ(ec, error::payload_rejected);
    EXPECT_EQ(meeting.client.last_error(), "not today");
    const RequestError awaited = co_await failure_of(meeting.client.request<std::string>("text", text, Grumpy{}));
    EXPECT_EQ(awaited.code(), error::payload_rejected);
  });
}

TEST(ARequest, whose_completion_throws_harms_no_other) {
  asio::io_context context;
  Meeting meeting{context.get_executor()};
  bool is_connected = false;
  asio::co_spawn(context, meeting.connect(), [&](std::exception_ptr) { is_connected = true; });
  ASSERT_TRUE(support::run_until(context, [&] { return is_connected; }));
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    meeting.client.request<int>("sum", Sum{i, i}, {}, [&answered, i](error_code, int) {
      ++answered;
      if (i % 2 == 0) throw i;
    });
  }
  bool has_thrown = false;
  for (int left = 1000; left > 0 && answered < 10; --left) {
    try {
      context.restart();
      context.run_one_for(5s);
    } catch (...) {  // Asio makes one of several
      has_thrown = true;
    }
  }
  EXPECT_EQ(answered, 10);
  EXPECT_TRUE(has_thrown);
}

TEST(Requests, of_several_threads_go_over_one_client) {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  std::vector<std::thread> loops;
  for (int i = 0; i < 2; ++i) loops.emplace_back([&] { context.run(); });
  {
    Routes routes;
    routes.on("same", [](int i) { return i; });
    routes.on("later", [](int i) -> asio::awaitable<int> { co_return i; });
    Server server{asio::make_strand(context), std::move(routes)};
    const Endpoint at = server.bind("tcp://127.0.0.1:0", {}, asio::use_future).get();
    Client client{asio::make_strand(context), at_once()};
    client.connect(at, {}, 10s, asio::use_future).get();
    std::vector<std::thread> askers;
    for (int thread = 0; thread < 4; ++thread) {
      askers.emplace_back([&client, thread] {
        for (int i = 0; i < 300; ++i) {
          const char* const route = i % 2 == 0 ? "same" : "later";
          const int asked = thread * 1000 + i;
          EXPECT_EQ(client.request<int>(route, asked, {}, asio::use_future).get(), asked);
        }
      });
    }
    for (std::thread& each : askers) each.join();
    EXPECT_EQ(client.stats().answers_received, 1200U);
    EXPECT_EQ(client.close(10s, asio::use_future).get(), CloseReport{});
    EXPECT_EQ(server.stop(10s, asio::use_future).get(), CloseReport{});
  }
  work.reset();
  for (std::thread& each : loops) each.join();
}

}  // namespace
}  // namespace parley::rpc::asking_test
