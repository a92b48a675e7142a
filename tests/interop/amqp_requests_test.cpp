// Requests over RabbitMQ: whatever clients and servers do over streams.
#include "interop/amqp_meeting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::interop::amqp_requests {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = rpc::Event::Kind;

std::string text(const char* what) { return what; }

/// How the one handler there is gets its requests.
enum class Style { simple, route };

class AmqpRequests : public AmqpMeeting, public ::testing::WithParamInterface<Style> {
 protected:
  [[nodiscard]] static rpc::RouteName name() {
    return GetParam() == Style::route ? rpc::RouteName{"work"} : rpc::RouteName{rpc::unnamed};
  }
  /// "refuse" and "break" are refused and broken; anything else comes back.
  rpc::Routes routes(std::vector<std::string>* heard) {
    auto work = [heard](const std::string& what) {
      heard->push_back(what);
      if (what == "refuse") throw rpc::RequesterFault{"not so", 404};
      if (what == "break") throw std::runtime_error{"out of order"};
      return what;
    };
    rpc::Routes routes;
    if (GetParam() == Style::route) {
      routes.on("work", work);
    } else {
      routes.on_any(work);
    }
    return routes;
  }
  rpc::Server server() { return rpc::Server{context_.get_executor(), routes(&heard_by_server_)}; }
  rpc::Client client(const std::string& id) {
    rpc::ClientOptions options;
    options.client_id = id;
    return rpc::Client{context_.get_executor(), routes(&heard_by_client_), std::move(options)};
  }

  std::vector<std::string> heard_by_server_;
  std::vector<std::string> heard_by_client_;
};

INSTANTIATE_TEST_SUITE_P(Styles, AmqpRequests, ::testing::Values(Style::simple, Style::route),
                         [](const auto& each) { return each.param == Style::simple ? "simple" : "route"; });

TEST_P(AmqpRequests, are_answered_and_notifications_are_not) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client("panel");
    const Endpoint bound = co_await serving.bind(at());
    EXPECT_EQ(bound, at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    EXPECT_TRUE(asking.is_connected());
    co_await asking.notify(name(), text("first"));
    const auto answer = co_await asking.request<std::string>(name(), text("second"));
    EXPECT_EQ(answer, "second");
    EXPECT_EQ(heard_by_server_, (std::vector<std::string>{"first", "second"}));
    const rpc::CloseReport report = co_await asking.close(amqp_patience);
    EXPECT_EQ(report, rpc::CloseReport{});
    const rpc::Event left = co_await event_of(serving, Kind::disconnected);
    EXPECT_EQ(left.client_id, "panel");
    co_await serving.stop(amqp_patience);
  });
}

TEST_P(AmqpRequests, have_the_other_sides_errors) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client("panel");
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    try {
      co_await asking.request<std::string>(name(), text("refuse"));
      ADD_FAILURE() << "it was answered";
    } catch (const rpc::RequestError& failure) {
      EXPECT_EQ(failure.code(), error::handler_failed);
      EXPECT_EQ(failure.of(), rpc::FaultOf::requester);
      EXPECT_EQ(failure.fault_message(), "not so");
      EXPECT_EQ(failure.fault_code(), 404);
      EXPECT_THAT(failure.what(), HasSubstr(client_at("panel-7").to_string()));
    }
    const Refusal broken = co_await refusal_of(asking.request<std::string>(name(), text("break")));
    EXPECT_EQ(broken.code, error::handler_failed);
    const Refusal other = co_await refusal_of(asking.request<std::string>(name(), 5));
    EXPECT_EQ(other.code, error::payload_rejected);
    // A handler without a name answers to any.
    if (GetParam() == Style::route) {
      const Refusal unknown = co_await refusal_of(asking.request<std::string>("nowhere", text("x")));
      EXPECT_EQ(unknown.code, error::no_such_route);
      EXPECT_THAT(unknown.sentence, HasSubstr("Route \"nowhere\" is not defined"));
    }
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_P(AmqpRequests, go_both_ways) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client("panel");
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    const auto there = co_await asking.request<std::string>(name(), text("there"));
    const auto back = co_await serving.to("panel").request<std::string>(name(), text("back"));
    EXPECT_EQ(there + back, "thereback");
    co_await serving.to("panel").notify(name(), text("told"));
    const Refusal refused = co_await refusal_of(serving.to_any().request<std::string>(name(), text("refuse")));
    EXPECT_EQ(refused.code, error::handler_failed);
    EXPECT_EQ(heard_by_client_, (std::vector<std::string>{"back", "told", "refuse"}));
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_P(AmqpRequests, may_be_a_thousand_at_a_time) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client("panel");
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    std::vector<std::string> answers;
    for (int i = 0; i < 1000; ++i) {
      const rpc::RequestOptions options;
      asking.request<std::string>(name(), std::to_string(i), options,
                                  [&answers](boost::system::error_code ec, std::string answer) {
                                    answers.push_back(ec ? ec.message() : std::move(answer));
                                  });
    }
    EXPECT_EQ(asking.stats().calls_waiting, 1000U);
    // What was asked before is answered before, by handlers that take no time.
    const auto last = co_await asking.request<std::string>(name(), text("last"));
    EXPECT_EQ(last, "last");
    EXPECT_EQ(answers.size(), 1000U);
    EXPECT_EQ(answers, (std::vector<std::string>{heard_by_server_.begin(), heard_by_server_.end() - 1}));
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_P(AmqpRequests, may_be_large) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client("panel");
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    std::string large(16 << 20, ' ');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i * i % 26);
    const auto answer = co_await asking.request<std::string>(name(), large);
    EXPECT_TRUE(answer == large);
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_P(AmqpRequests, go_on_for_a_client_that_comes_again) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    co_await serving.bind(at());
    for (const std::string turn : {"once", "twice", "thrice"}) {
      rpc::Client asking = client("panel");
      co_await asking.connect(client_at("panel-7"), amqp_patience);
      const auto answer = co_await asking.request<std::string>(name(), turn);
      EXPECT_EQ(answer, turn);
      if (turn == "twice") continue;  // as if it had crashed: nothing is said on its way out
      co_await asking.close(amqp_patience);
    }
    EXPECT_EQ(serving.clients().size(), 1U);
    co_await serving.stop(amqp_patience);
  });
}

}  // namespace
}  // namespace parley::interop::amqp_requests
