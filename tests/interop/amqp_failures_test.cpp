// Requests over RabbitMQ when something goes wrong: servers that are not there, brokers that die or take nothing,
// queues that are removed, and clients that are not wanted.
#include "interop/amqp_meeting.hpp"

#include <parley/codec/bytes.hpp>
#include <parley/limits.hpp>
#include <parley/rpc/clean_up.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <stdexcept>
#include <vector>

namespace parley::interop::amqp_failures {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = rpc::Event::Kind;

class AmqpFailures : public AmqpMeeting {
 protected:
  /// Doubles numbers, and counts how often it was asked for each.
  rpc::Server server(rpc::ServerOptions options = {}) {
    rpc::Routes routes;
    routes.on("twice", [this](int value) {
      ++asked_[value];
      return 2 * value;
    });
    return rpc::Server{context_.get_executor(), std::move(routes), std::move(options)};
  }
  rpc::Client client(const std::string& id = "panel") {
    rpc::ClientOptions options;
    options.client_id = id;
    options.backoff = [](unsigned, std::uint64_t) { return Duration{50ms}; };
    return rpc::Client{context_.get_executor(), std::move(options)};
  }
  static rpc::RequestOptions patient() {
    rpc::RequestOptions options;
    options.deadline(amqp_patience).resume();
    return options;
  }

  std::map<int, int> asked_;
};

// --- servers ---------------------------------------------------------------------------------------------------------

TEST_F(AmqpFailures, client_that_is_there_before_any_server_is_answered_when_one_comes) {
  run([&]() -> asio::awaitable<void> {
    rpc::Client asking = client();
    asking.dial(client_at("panel-7"));
    const rpc::RequestOptions options = patient();
    std::optional<int> answer;
    asking.request<int>("twice", 4, options, [&](boost::system::error_code, int value) { answer = value; });
    // It has knocked, and nobody was there.
    rpc::ClientOptions hasty;
    hasty.greeting_time_max = 500ms;
    rpc::Client other{context_.get_executor(), hasty};
    const Refusal refusal = co_await refusal_of(other.connect(client_at("panel-8"), 4s));
    EXPECT_EQ(refusal.code, error::timed_out);
    EXPECT_THAT(refusal.sentence, HasSubstr("no server has answered within 500 ms"));
    EXPECT_FALSE(answer);
    rpc::Server serving = server();
    co_await serving.bind(at());
    const auto next = co_await asking.request<int>("twice", 5, options);
    EXPECT_EQ(next, 10);
    EXPECT_EQ(answer, 8);
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_F(AmqpFailures, request_waits_for_the_server_to_come_back) {
  run([&]() -> asio::awaitable<void> {
    rpc::Client asking = client();
    {
      rpc::Server serving = server();
      co_await serving.bind(at());
      co_await asking.connect(client_at("panel-7"), amqp_patience);
      co_await serving.stop(amqp_patience);
    }
    const rpc::Event lost = co_await event_of(asking, Kind::disconnected);
    EXPECT_THAT(lost.sentence, HasSubstr("the other side has left"));
    std::optional<int> answer;
    const rpc::RequestOptions options = patient();
    asking.request<int>("twice", 6, options, [&](boost::system::error_code, int value) { answer = value; });
    rpc::RequestOptions soon;
    soon.deadline(50ms);
    const Refusal refusal = co_await refusal_of(asking.request<int>("twice", 7, soon));
    EXPECT_EQ(refusal.code, error::timed_out);
    EXPECT_THAT(refusal.sentence, HasSubstr("the other side was not connected within 50 ms"));
    rpc::Server serving = server();
    co_await serving.bind(at());
    co_await event_of(asking, Kind::connected);
    co_await asking.close(amqp_patience);
    EXPECT_EQ(answer, 12);
    EXPECT_EQ(asked_, (std::map<int, int>{{6, 1}}));
    co_await serving.stop(amqp_patience);
  });
}

// --- the broker ------------------------------------------------------------------------------------------------------

TEST_F(AmqpFailures, broker_that_is_killed_in_mid_load_loses_no_persistent_request_and_doubles_none) {
  constexpr int asking_count = 32;
  constexpr int each_count = 40;
  run([&]() -> asio::awaitable<void> {
    rpc::EndpointOptions options;
    options.persistent(true);
    rpc::Server serving = server();
    rpc::Client asking = client();
    co_await serving.bind(at(), options);
    co_await asking.connect(client_at("panel-7"), options, amqp_patience);
    int answered = 0;
    std::vector<std::string> failures;
    auto ask = [&](int first) -> asio::awaitable<void> {
      for (int value = first; value < first + each_count; ++value) {
        const rpc::RequestOptions how = patient();
        try {
          const auto answer = co_await asking.request<int>("twice", value, how);
          if (answer != 2 * value) failures.push_back("a wrong answer");
          ++answered;
        } catch (const rpc::RequestError& failure) {
          failures.push_back(failure.what());
        }
      }
    };
    for (int i = 0; i < asking_count; ++i) asio::co_spawn(context_, ask(each_count * i), asio::detached);
    co_await until([&] { return answered >= asking_count * each_count / 8; });
    co_await aside([] { shared_broker().kill(); });
    co_await aside([] { shared_broker().start(); });
    co_await until([&] { return answered + static_cast<int>(failures.size()) >= asking_count * each_count; });
    EXPECT_EQ(failures, std::vector<std::string>{});
    EXPECT_EQ(asked_.size(), std::size_t{asking_count * each_count});
    for (const auto& [value, count] : asked_) EXPECT_EQ(count, 1) << value;
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_F(AmqpFailures, requests_end_with_the_connection_to_the_broker_unless_they_are_to_resume) {
  run([&]() -> asio::awaitable<void> {
    rpc::Routes routes;
    routes.on("never", []() -> asio::awaitable<int> {
      asio::steady_timer timer{co_await asio::this_coro::executor, amqp_patience};
      co_await timer.async_wait(asio::use_awaitable);
      co_return 0;
    });
    rpc::Server serving{context_.get_executor(), std::move(routes)};
    rpc::Client asking = client();
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    std::optional<boost::system::error_code> lost;
    const rpc::RequestOptions usual;
    asking.request<int>("never", 1, usual, [&](boost::system::error_code ec, int) { lost = ec; });
    co_await aside([] { shared_broker().kill(); });
    const rpc::Event event = co_await event_of(asking, Kind::disconnected);
    EXPECT_THAT(event.sentence, HasSubstr("the connection to the broker"));
    rpc::RequestOptions soon;
    soon.deadline(100ms);
    const Refusal refusal = co_await refusal_of(asking.request<int>("never", 1, soon));
    EXPECT_EQ(refusal.code, error::timed_out);
    EXPECT_EQ(lost, error::disconnected);
    const rpc::Event paused = co_await event_of(serving, Kind::accept_paused);
    EXPECT_THAT(paused.sentence, HasSubstr("the connection to the broker"));
    co_await asking.close(100ms);
    co_await serving.stop(100ms);
  });
  shared_broker().start();
}

TEST_F(AmqpFailures, broker_short_of_memory_holds_up_nobody_but_those_who_publish_there) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client();
    rpc::Client asking_by_tcp = client("elsewhere");
    rpc::Client late = client("late");
    co_await serving.bind(at());
    const Endpoint by_tcp = co_await serving.bind("tcp://127.0.0.1:0");
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    co_await asking_by_tcp.connect(by_tcp, amqp_patience);
    co_await aside([] { shared_broker().set_memory_alarm(true); });
    // The broker says so when somebody has published something.
    rpc::RequestOptions first;
    first.deadline(500ms);
    co_await refusal_of(asking.request<int>("twice", 1, first));
    rpc::RequestOptions second;
    second.deadline(500ms);
    std::optional<std::string> said;
    asio::co_spawn(context_, refusal_of(asking.request<int>("twice", 2, second)),
                   [&](const std::exception_ptr&, const Refusal& refusal) { said = refusal.sentence; });
    int answered = 0;
    while (!said) {
      rpc::RequestOptions within;
      within.deadline(20s);
      co_await asking_by_tcp.request<int>("twice", 3, within);
      ++answered;
    }
    EXPECT_GT(answered, 1);
    EXPECT_THAT(*said, HasSubstr(" ms; the broker takes no messages: low on memory"));
    const rpc::CloseReport report = co_await asking_by_tcp.close(amqp_patience);
    EXPECT_EQ(report, rpc::CloseReport{});
    late.dial(client_at("panel-8"));
    co_await aside([] { shared_broker().set_memory_alarm(false); });
    const rpc::Event came = co_await late.next_event(amqp_patience);
    EXPECT_EQ(came.kind, Kind::connected) << came.sentence;
    const rpc::RequestOptions options = patient();
    const auto answer = co_await asking.request<int>("twice", 4, options);
    EXPECT_EQ(answer, 8);
    co_await late.close(amqp_patience);
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
  shared_broker().set_memory_alarm(false);  // also where it has failed
}

TEST_F(AmqpFailures, message_that_is_too_large_costs_its_sender_the_connection_and_nobody_else) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::ClientOptions options;
    options.client_id = "large";
    options.payload_size_max = 100 * limits::mib;
    options.backoff = [](unsigned, std::uint64_t) { return Duration{50ms}; };
    rpc::Client large{context_.get_executor(), options};
    rpc::Client other = client("other");
    co_await serving.bind(at());
    co_await other.connect(client_at("panel-8"), amqp_patience);
    co_await large.connect(client_at("panel-7"), amqp_patience);
    const Message payload{std::string(70 * limits::mib, '1')};
    co_await large.notify("twice", payload, Bytes{});
    rpc::Event gone;
    while (gone.kind != Kind::disconnected) gone = co_await serving.next_event(amqp_patience);
    EXPECT_EQ(gone.client_id, "large");
    EXPECT_EQ(gone.cause, error::message_too_large);
    EXPECT_THAT(gone.sentence, HasSubstr("the other side has sent a message of 73400"));
    const rpc::RequestOptions waiting = patient();
    const auto of_other = co_await other.request<int>("twice", 4, waiting);
    EXPECT_EQ(of_other, 8);
    // It does not come again either.
    rpc::Event back;
    while (back.kind != Kind::connected || back.client_id != "large") {
      back = co_await serving.next_event(amqp_patience);
      EXPECT_NE(back.client_id, "other") << back.sentence;
    }
    const auto of_large = co_await large.request<int>("twice", 5, waiting);
    EXPECT_EQ(of_large, 10);
    co_await large.close(amqp_patience);
    co_await other.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_F(AmqpFailures, clients_and_servers_say_why_a_broker_does_not_have_them) {
  const auto says = [&](const Endpoint& endpoint, const std::string& words) -> asio::awaitable<void> {
    rpc::Server serving = server();
    const Refusal unbound = co_await refusal_of(serving.bind(endpoint));
    EXPECT_THAT(unbound.sentence, HasSubstr("cannot listen on " + endpoint.to_string() + ": "));
    EXPECT_THAT(unbound.sentence, HasSubstr(words));
    EXPECT_FALSE(serving.unbind(endpoint));
    rpc::Client asking = client();
    const Endpoint by_client{endpoint.serialize() + "&client=panel-7"};
    const Refusal refusal = co_await refusal_of(asking.connect(by_client, 3s));
    EXPECT_EQ(refusal.code, error::timed_out);
    EXPECT_THAT(refusal.sentence, HasSubstr(words));
    EXPECT_THAT(refusal.sentence, HasSubstr(by_client.to_string()));
    const Refusal dirty = co_await refusal_of(rpc::clean_up(endpoint));
    EXPECT_THAT(dirty.sentence, HasSubstr("cannot clean up " + endpoint.to_string() + ": "));
    EXPECT_THAT(dirty.sentence, HasSubstr(words));
    EXPECT_THAT(unbound.sentence + refusal.sentence + dirty.sentence, ::testing::Not(HasSubstr("secret")));
  };
  run([&]() -> asio::awaitable<void> {
    co_await says(at("guest:secret"), "ACCESS_REFUSED");
    co_await says(at("guest:guest", "nowhere"), "vhost nowhere not found");
    const Endpoint nobody{"amqp://127.0.0.1:1?address=" + address()};
    co_await says(nobody, "connection refused");
  });
}

TEST_F(AmqpFailures, server_that_is_stopped_binds_no_more) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    std::optional<boost::system::error_code> first;
    std::optional<boost::system::error_code> second;
    const rpc::EndpointOptions usual;
    serving.bind(at(), usual, [&](boost::system::error_code ec, const Endpoint&) { first = ec; });
    serving.bind(at(), usual, [&](boost::system::error_code ec, const Endpoint&) { second = ec; });
    EXPECT_TRUE(serving.unbind(at()));
    co_await serving.stop(amqp_patience);
    co_await until([&] { return first && second; });
    EXPECT_EQ(first, asio::error::operation_aborted);
    EXPECT_EQ(second, asio::error::operation_aborted);
    const Refusal late = co_await refusal_of(serving.bind(at()));
    EXPECT_EQ(late.code, error::closed);
    EXPECT_THAT(late.sentence, HasSubstr("the server was stopped"));
  });
}

// --- queues ----------------------------------------------------------------------------------------------------------

TEST_F(AmqpFailures, nothing_is_left_behind_a_clean_up) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client();
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
  EXPECT_THAT(queues(), ::testing::ElementsAre("connect.server", "toClient.panel-7", "toServer.panel-7"));
  run([&]() -> asio::awaitable<void> {
    co_await rpc::clean_up(client_at("panel-7"));
    co_await rpc::clean_up(client_at("panel-7"));  // what is not there is clean
    co_await rpc::clean_up(at());
  });
  EXPECT_THAT(queues(), ::testing::IsEmpty());
  EXPECT_THROW((void)rpc::clean_up(context_.get_executor(), Endpoint{"tcp://127.0.0.1:1"}, {}, 1s, asio::detached),
               std::invalid_argument);
}

TEST_F(AmqpFailures, queue_that_is_removed_is_made_again) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client asking = client();
    co_await serving.bind(at());
    co_await asking.connect(client_at("panel-7"), amqp_patience);
    for (const std::string way : {"toServer", "toClient"}) {
      const std::string queue = "communica." + address() + '.' + way + ".panel-7";
      co_await aside([&] { shared_broker().control({"delete_queue", queue}); });
      const rpc::Event lost = co_await event_of(asking, Kind::disconnected);
      const bool is_own = way == "toClient";
      EXPECT_THAT(lost.sentence, HasSubstr(is_own ? "the queue " + queue + " was removed" : "the other side has left"));
      const rpc::RequestOptions options = patient();
      const auto answer = co_await asking.request<int>("twice", 21, options);
      EXPECT_EQ(answer, 42);
    }
    co_await asking.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

// --- clients ---------------------------------------------------------------------------------------------------------

TEST_F(AmqpFailures, older_of_two_clients_with_one_name_has_to_go) {
  run([&]() -> asio::awaitable<void> {
    rpc::Server serving = server();
    rpc::Client older = client("older");
    rpc::Client newer = client("newer");
    co_await serving.bind(at());
    co_await older.connect(client_at("panel-7"), amqp_patience);
    newer.dial(client_at("panel-7"));
    const rpc::Event lost = co_await event_of(older, Kind::disconnected);
    EXPECT_THAT(lost.sentence, HasSubstr("the other side has left"));
    older.disconnect();
    co_await event_of(newer, Kind::connected);
    for (int value = 0; value < 20; ++value) {
      const auto answer = co_await newer.request<int>("twice", value);
      EXPECT_EQ(answer, 2 * value);
    }
    co_await newer.close(amqp_patience);
    co_await older.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
}

TEST_F(AmqpFailures, client_that_is_refused_is_told_why_and_comes_no_more) {
  run([&]() -> asio::awaitable<void> {
    rpc::ServerOptions options;
    options.accept_client = [](const rpc::PeerInfo& who) { return who.client_id == "panel" ? "" : "not today"; };
    rpc::Server serving = server(options);
    rpc::Client asking = client("stranger");
    co_await serving.bind(at());
    const Refusal refusal = co_await refusal_of(asking.connect(client_at("panel-7"), amqp_patience));
    EXPECT_EQ(refusal.code, error::refused_by_peer);
    EXPECT_THAT(refusal.sentence, HasSubstr("refused: not today"));
    const rpc::Event refused = co_await event_of(serving, Kind::refused);
    EXPECT_EQ(refused.client_id, "stranger");
    rpc::Client welcome = client();
    co_await welcome.connect(client_at("panel-7"), amqp_patience);
    EXPECT_FALSE(asking.is_connected());
    co_await welcome.close(amqp_patience);
    co_await serving.stop(amqp_patience);
  });
  // Nothing waits for the one that was refused.
  context_.run_for(amqp_patience);
  EXPECT_TRUE(context_.stopped());
}

}  // namespace
}  // namespace parley::interop::amqp_failures
