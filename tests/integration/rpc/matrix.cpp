// Requests with and without a route over every kind of connection: what works over one works over all.
#include <parley/codec/bytes.hpp>
#include <parley/rpc/fault.hpp>

#include "support/requests.hpp"
#include "support/scheme_options.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace parley::rpc::matrix_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::failure_of;
using support::Gate;
using support::Sum;
using ::testing::StartsWith;
using namespace std::chrono_literals;

enum class Entity { simple, route };

using Way = std::tuple<Entity, std::string>;

std::vector<std::string> schemes() {
  std::vector<std::string> all{"tcp", "unix", "inproc", "mux+tcp"};
  for (const std::string& layered : support::layered_schemes()) all.push_back(layered);
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Way>& info) {
  std::string name = (std::get<0>(info.param) == Entity::simple ? "simple_" : "route_") + std::get<1>(info.param);
  std::replace(name.begin(), name.end(), '+', '_');
  return name;
}

class RequestsAndNotices : public ::testing::TestWithParam<Way> {
 protected:
  [[nodiscard]] static bool is_route() { return std::get<0>(GetParam()) == Entity::route; }
  [[nodiscard]] Endpoint address() const {
    const std::string& scheme = std::get<1>(GetParam());
    if (scheme == "inproc") return "inproc://tests-of-requests";
    return scheme == "unix" ? Endpoint::unix_path(folder_.file("socket")) : Endpoint{scheme + "://127.0.0.1:0"};
  }

  /// The only handler of a side: of requests by a name, or of those without one.
  template <class F, class C = Json>
  static Routes handler(F function, C codec = {}) {
    Routes routes;
    if (is_route()) {
      routes.on("work", std::move(function), codec);
    } else {
      routes.on_any(std::move(function), codec);
    }
    return routes;
  }
  [[nodiscard]] static RouteName work() { return is_route() ? RouteName{"work"} : RouteName{unnamed}; }

  /// A server and a client that is connected, for as long as `body(server, client)` runs; then nothing is left over.
  template <class Body>
  void meet(Routes of_server, Routes of_client, Body body) {
    support::run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
      Server server{executor, std::move(of_server)};
      const Endpoint at = co_await server.bind(address(), server_side_);
      Client client{executor, std::move(of_client), at_once("the client")};
      co_await client.connect(at, client_side_, 20s);
      co_await body(server, client);
      const CloseReport closed = co_await client.close(20s);
      EXPECT_EQ(closed, CloseReport{});
      const CloseReport stopped = co_await server.stop(20s);
      EXPECT_EQ(stopped, CloseReport{});
    });
  }

 private:
  const support::TemporaryFolder folder_;
  const EndpointOptions server_side_ = EndpointOptions{}.transport(support::server_transport());
  const EndpointOptions client_side_ = EndpointOptions{}.transport(support::client_transport());
};

INSTANTIATE_TEST_SUITE_P(All, RequestsAndNotices,
                         ::testing::Combine(::testing::Values(Entity::simple, Entity::route),
                                            ::testing::ValuesIn(schemes())),
                         name_of);

TEST_P(RequestsAndNotices, are_answered_by_what_the_handler_returns) {
  meet(handler([](Sum s) { return s.a + s.b; }), {}, [](Server& server, Client& client) -> asio::awaitable<void> {
    const Sum sum{2, 3};
    EXPECT_EQ(co_await client.request<int>(work(), sum), 5);
    EXPECT_EQ(server.stats().requests_received, 1U);
    EXPECT_EQ(client.stats().answers_received, 1U);
  });
}

TEST_P(RequestsAndNotices, come_to_the_handler_in_order_and_are_not_answered) {
  std::vector<int> came;
  bool wants_answer = true;
  Routes routes = handler([&](int i, const Caller& caller) {
    wants_answer = caller.wants_answer;
    came.push_back(i);
  });
  meet(std::move(routes), {}, [&](Server& server, Client& client) -> asio::awaitable<void> {
    std::vector<int> sent;
    for (int i = 0; i < 100; ++i) {
      sent.push_back(i);
      co_await client.notify(work(), i);
    }
    co_await becomes([&] { return came.size() == 100; });
    EXPECT_EQ(came, sent);
    EXPECT_FALSE(wants_answer);
    EXPECT_EQ(server.stats().requests_received, 100U);
    EXPECT_EQ(client.stats().notices_sent, 100U);
    EXPECT_EQ(client.stats().answers_received, 0U);
  });
}

TEST_P(RequestsAndNotices, fail_with_whose_fault_it_was_and_its_code_and_data) {
  Routes routes = handler([](int which) -> int {
    switch (which) {
      case 41: throw RequesterFault{"bad input", 404, R"({"field": "a"})"};
      case 51: throw ResponderFault{"server trouble", 500, "[1]"};
      case 30: throw Fault{FaultOf::unknown, "who knows", -7, "null"};
      default: throw std::runtime_error{"boom"};
    }
  });
  meet(std::move(routes), {}, [](Server&, Client& client) -> asio::awaitable<void> {
    const RequestError requester = co_await failure_of(client.request<int>(work(), 41));
    EXPECT_EQ(requester.code(), error::handler_failed);
    EXPECT_EQ(requester.of(), FaultOf::requester);
    EXPECT_EQ(requester.fault_message(), "bad input");
    EXPECT_EQ(requester.fault_code(), 404);
    EXPECT_EQ(requester.fault_data(), R"({"field": "a"})");
    EXPECT_THAT(requester.what(),
                StartsWith(is_route() ? "request \"work\": bad input (" : "the request: bad input ("));

    const RequestError responder = co_await failure_of(client.request<int>(work(), 51));
    EXPECT_EQ(responder.code(), error::handler_failed);
    EXPECT_EQ(responder.of(), FaultOf::responder);
    EXPECT_EQ(responder.fault_message(), "server trouble");
    EXPECT_EQ(responder.fault_code(), 500);
    EXPECT_EQ(responder.fault_data(), "[1]");

    const RequestError unknown = co_await failure_of(client.request<int>(work(), 30));
    EXPECT_EQ(unknown.code(), error::handler_failed);
    EXPECT_EQ(unknown.of(), FaultOf::unknown);
    EXPECT_EQ(unknown.fault_message(), "who knows");
    EXPECT_EQ(unknown.fault_code(), -7);
    EXPECT_EQ(unknown.fault_data(), "null");

    const RequestError thrown = co_await failure_of(client.request<int>(work(), 0));
    EXPECT_EQ(thrown.code(), error::handler_failed);
    EXPECT_EQ(thrown.of(), FaultOf::unknown);
    EXPECT_EQ(thrown.fault_message(), "boom");
    EXPECT_EQ(thrown.fault_code(), std::nullopt);
    EXPECT_EQ(thrown.fault_data(), "");
    EXPECT_EQ(client.last_error(), thrown.what());
  });
}

TEST_P(RequestsAndNotices, fail_where_nobody_answers_them) {
  meet(handler([](int i) { return i; }), {}, [](Server& server, Client& client) -> asio::awaitable<void> {
    const RouteName name = is_route() ? "nope" : RouteName{unnamed};
    // A side without names answers any; one without handlers none.
    const Requester whom = is_route() ? Requester{client} : server.to("the client");
    const RequestError failed = co_await failure_of(whom.request<int>(name, 1));
    EXPECT_EQ(failed.code(), error::no_such_route);
    EXPECT_EQ(failed.of(), FaultOf::requester);
    EXPECT_EQ(failed.fault_message(),
              is_route() ? "Route \"nope\" is not defined" : "a request has to name a route here");
    EXPECT_EQ(co_await client.request<int>(is_route() ? "work" : "nope", 7), 7);
  });
}

TEST_P(RequestsAndNotices, go_both_ways) {
  Routes of_server = handler([](int i, Caller caller) -> asio::awaitable<int> {
    const int back = co_await caller.back.request<int>(work(), i + 1);
    co_return back + 100;
  });
  Routes of_client = handler([](int i) { return 2 * i; });
  meet(std::move(of_server), std::move(of_client), [](Server& server, Client& client) -> asio::awaitable<void> {
    EXPECT_EQ(co_await client.request<int>(work(), 4), 110);
    const Requester that_client = server.to("the client");
    EXPECT_EQ(co_await that_client.request<int>(work(), 21), 42);
    EXPECT_EQ(co_await server.to_any().request<int>(work(), 22), 44);
  });
}

TEST_P(RequestsAndNotices, wait_a_thousand_at_a_time_and_are_answered_in_any_order) {
  Gate gate;
  std::vector<int> answered;
  Routes routes = handler([&](int i) -> asio::awaitable<int> {
    co_await gate.pass();
    co_return i;
  });
  meet(std::move(routes), {}, [&](Server& server, Client& client) -> asio::awaitable<void> {
    std::vector<int> backwards;
    for (int i = 0; i < 1000; ++i) {
      backwards.push_back(999 - i);
      client.request<int>(work(), i, {}, [&answered, i](error_code ec, int value) {
        EXPECT_FALSE(ec) << ec.message();
        EXPECT_EQ(value, i);
        answered.push_back(value);
      });
    }
    co_await becomes([&] { return gate.arrived == 1000; });
    EXPECT_EQ(client.stats().calls_waiting, 1000U);
    EXPECT_EQ(server.stats().handlers_running, 1000U);
    for (int i = 0; i < 1000; ++i) gate.let_last_pass();
    co_await becomes([&] { return answered.size() == 1000; });
    EXPECT_EQ(answered, backwards) << "answers come as they are ready";
    EXPECT_EQ(client.stats().calls_waiting, 0U);
  });
}

TEST_P(RequestsAndNotices, carry_16_MiB_each_way) {
  Routes of_server = handler([](Message m) { return m; }, Bytes{});
  Routes of_client = handler([](Message m) { return m; }, Bytes{});
  meet(std::move(of_server), std::move(of_client), [](Server& server, Client& client) -> asio::awaitable<void> {
    std::string bytes(16 * 1024 * 1024, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 65'536);
    const Message large{bytes};
    const Message back = co_await client.request<Message>(work(), large, Bytes{});
    EXPECT_TRUE(back.view() == bytes);
    const Requester that_client = server.to("the client");
    const Message there = co_await that_client.request<Message>(work(), large, Bytes{});
    EXPECT_TRUE(there.view() == bytes);
  });
}

TEST_P(RequestsAndNotices, are_answered_on_the_next_connection_of_the_same_client) {
  Gate gate;
  Routes routes = handler([&](int i) -> asio::awaitable<int> {
    co_await gate.pass();
    co_return i;
  });
  meet(std::move(routes), {}, [&](Server& server, Client& client) -> asio::awaitable<void> {
    std::optional<int> answer;
    client.request<int>(work(), 42, RequestOptions{}.resume(), [&](error_code ec, int value) {
      EXPECT_FALSE(ec) << ec.message();
      answer = value;
    });
    co_await becomes([&] { return gate.arrived == 1; });
    EXPECT_TRUE(server.cut_off("the client"));
    const Event lost = co_await support::event_of(client, Event::Kind::disconnected);
    EXPECT_TRUE(lost.cause);
    co_await support::event_of(client, Event::Kind::connected);
    co_await becomes([&] { return server.clients().at(0).is_connected; });
    EXPECT_EQ(server.clients().size(), 1U);
    EXPECT_FALSE(answer);
    gate.open();
    co_await becomes([&] { return answer.has_value(); });
    EXPECT_EQ(answer, 42);
    EXPECT_EQ(gate.arrived, 1) << "it is not handled twice";
  });
}

}  // namespace
}  // namespace parley::rpc::matrix_test
