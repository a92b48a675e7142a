// How clients of requests come, are turned away, come back and are told apart.
#include "support/raw_peer.hpp"
#include "support/requests.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::rpc::connecting_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::error_of;
using support::event_of;
using support::failure_of;
using support::run_requests;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

Routes answering(int value) {
  Routes routes;
  routes.on("who", [value] { return value; });
  return routes;
}

/// Where nobody listens.
Endpoint deserted() {
  const support::RawListener gone;
  return gone.endpoint();
}

TEST(ClientConnects, until_the_deadline_and_says_why_it_could_not) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Client client{executor, at_once()};
    const Endpoint nobody = deserted();
    const Error failed = co_await error_of(client.connect(nobody, 30ms));
    EXPECT_EQ(failed.code(), error::timed_out);
    EXPECT_THAT(failed.what(), ContainsRegex("^connect timed out after [0-9]+ ms: "));
    EXPECT_THAT(failed.what(), HasSubstr("refused"));
    EXPECT_THAT(failed.what(), HasSubstr(nobody.to_string()));
    EXPECT_EQ(client.last_error(), failed.what());
    EXPECT_FALSE(client.is_connected());
    const Event tried = co_await client.next_event(1s);
    EXPECT_EQ(tried.kind, Event::Kind::retrying);
    EXPECT_EQ(tried.endpoint, nobody);
    EXPECT_EQ(tried.count, 1U);
    EXPECT_EQ(tried.delay, 1ms);
    EXPECT_FALSE(tried.sentence.empty());
    const RequestError asked = co_await failure_of(client.request<int>("who", 1));
    EXPECT_EQ(asked.code(), error::disconnected) << "it dials no more";
  });
}

TEST(ClientConnects, in_bounded_time_to_one_who_says_nothing) {
  const support::RawListener silent;
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once();
    options.greeting_time_max = 30ms;
    Client client{executor, options};
    client.dial(silent.endpoint());
    const Event tried = co_await event_of(client, Event::Kind::retrying);
    EXPECT_EQ(tried.cause, error::timed_out);
    EXPECT_EQ(tried.sentence, "the peer has not greeted within 30 ms");
    client.disconnect();
  });
}

TEST(ClientConnects, when_the_server_comes_and_requests_have_waited) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    const Endpoint at = deserted();
    Client client{executor, at_once()};
    client.dial(at);
    std::vector<int> answers;
    for (int i = 0; i < 3; ++i) {
      client.request<int>("who", i, {}, [&](error_code ec, int value) { answers.push_back(ec ? -1 : value); });
    }
    co_await event_of(client, Event::Kind::retrying);
    EXPECT_EQ(client.stats().calls_waiting, 3U);
    Server server{executor, answering(7)};
    co_await server.bind(at);
    co_await becomes([&] { return answers.size() == 3; });
    EXPECT_EQ(answers, (std::vector<int>(3, 7)));
    EXPECT_TRUE(client.is_connected());
    co_await client.close(10s);
  });
}

TEST(ClientConnects, to_another_endpoint_when_told_to) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server one{executor, answering(1)};
    Server two{executor, answering(2)};
    const Endpoint at_one = co_await one.bind("tcp://127.0.0.1:0");
    const Endpoint at_two = co_await two.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("wanderer")};
    co_await client.connect(at_one, 10s);
    EXPECT_EQ(co_await client.request<int>("who", 0), 1);
    co_await client.connect(at_two, 10s);
    EXPECT_EQ(co_await client.request<int>("who", 0), 2);
    const Event left = co_await event_of(one, Event::Kind::disconnected);
    EXPECT_EQ(left.client_id, "wanderer");
    client.disconnect();
    EXPECT_FALSE(client.is_connected());
    const Event gone = co_await event_of(two, Event::Kind::disconnected);
    EXPECT_EQ(gone.cause, error::closed) << gone.sentence;
    EXPECT_THAT(gone.sentence, StartsWith("the other side has left"));
    const RequestError asked = co_await failure_of(client.request<int>("who", 0));
    EXPECT_EQ(asked.code(), error::disconnected);
    EXPECT_STREQ(asked.what(), "request \"who\": the client does not dial any endpoint");
  });
}

TEST(ClientConnects, and_a_wait_for_that_can_be_cancelled) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Client client{executor};
    std::optional<error_code> ended;
    asio::cancellation_signal stop;
    client.connect(deserted(), {}, Deadline::never(),
                   asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { ended = ec; }));
    stop.emit(asio::cancellation_type::total);
    co_await becomes([&] { return ended.has_value(); });
    EXPECT_EQ(ended, asio::error::operation_aborted);
  });
}

TEST(ClientConnects, never_to_what_cannot_be_dialled_nor_with_an_id_that_cannot_be_said) {
  asio::io_context context;
  Client client{context.get_executor()};
  EXPECT_THROW(client.dial("tcp://127.0.0.1:0"), std::invalid_argument);
  EXPECT_THROW((Client{context.get_executor(), at_once("\xFF")}), std::invalid_argument);
  EXPECT_THROW((Client{context.get_executor(), at_once(std::string(70'000, 'x'))}), std::invalid_argument);
  EXPECT_EQ(client.client_id().size(), 32U) << "without one, it is random";
}

template <class T>
asio::awaitable<std::string> misuse_of(asio::awaitable<T> operation) {
  try {
    co_await std::move(operation);
  } catch (const std::invalid_argument& misuse) {
    co_return misuse.what();
  }
  co_return "";
}

TEST(ClientConnects, and_misuse_is_thrown_to_who_awaits_it_as_that_of_servers_is) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Client client{executor};
    const std::string no_port = co_await misuse_of(client.connect("tcp://127.0.0.1:0"));
    EXPECT_THAT(no_port, HasSubstr("port 0"));
    const std::string no_name = co_await misuse_of(client.connect("amqp://127.0.0.1?address=a"));
    EXPECT_THAT(no_name, HasSubstr("&client="));
    Server server{executor, answering(1)};
    const std::string no_address = co_await misuse_of(server.bind("amqp://127.0.0.1"));
    EXPECT_THAT(no_address, HasSubstr("?address="));
    const std::string no_certificate = co_await misuse_of(server.bind("tls://127.0.0.1:0"));
    EXPECT_EQ(no_certificate.empty(), !is_available(Scheme::tls));
  });
}

TEST(ServerTakesClients, or_tells_them_why_not) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    std::vector<std::string> asked;
    options.accept_client = [&](const PeerInfo& info) -> std::string {
      asked.push_back(info.client_id);
      if (info.client_id == "liked") return {};
      if (info.client_id == "odd") throw std::runtime_error{"a secret"};
      if (info.client_id == "odder") throw 7;
      return "not welcome";
    };
    Server server{executor, answering(1), options};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");

    Client liked{executor, at_once("liked")};
    co_await liked.connect(at, 10s);

    Client disliked{executor, at_once("disliked")};
    const Error refused = co_await error_of(disliked.connect(at, 10s));
    EXPECT_EQ(refused.code(), error::refused_by_peer);
    EXPECT_EQ(refused.what(), "refused: not welcome (" + at.to_string() + ")");
    const Event told = co_await event_of(disliked, Event::Kind::refused);
    EXPECT_EQ(told.cause, error::refused_by_peer);
    EXPECT_EQ(told.sentence, "refused: not welcome");
    EXPECT_EQ(told.endpoint, at);
    const Event seen = co_await event_of(server, Event::Kind::refused);
    EXPECT_EQ(seen.client_id, "disliked");
    EXPECT_EQ(seen.cause, error::peer_refused);
    EXPECT_THAT(seen.sentence, StartsWith("not welcome ("));
    EXPECT_FALSE(disliked.is_connected());

    for (const char* const id : {"odd", "odder"}) {
      Client odd{executor, at_once(id)};
      const Error failed = co_await error_of(odd.connect(at, 10s));
      EXPECT_THAT(failed.what(), StartsWith("refused: an error of the server"));
    }
    EXPECT_EQ(asked, (std::vector<std::string>{"liked", "disliked", "odd", "odder"}))
        << "nobody who was refused comes again by himself";
    EXPECT_EQ(co_await liked.request<int>("who", 0), 1);
  });
}

TEST(ServerTakesClients, and_requests_of_one_it_refuses_end_with_that) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    options.accept_client = [](const PeerInfo&) { return std::string{"closed on Mondays"}; };
    Server server{executor, answering(1), options};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once()};
    client.dial(at);
    const RequestError failed = co_await failure_of(client.request<int>("who", 0));
    EXPECT_EQ(failed.code(), error::refused_by_peer);
    EXPECT_THAT(failed.what(), HasSubstr("refused: closed on Mondays"));
  });
}

TEST(ServerTakesClients, so_many_and_no_more) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ServerOptions options;
    options.clients_max = 1;
    Server server{executor, answering(1), options};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Client first{executor, at_once("first")};
    co_await first.connect(at, 10s);
    Client second{executor, at_once("second")};
    const Error refused = co_await error_of(second.connect(at, 10s));
    EXPECT_THAT(refused.what(), StartsWith("refused: there are 1 clients already"));
    Client again{executor, at_once("first")};
    co_await again.connect(at, 10s);  // who is known is no further one
  });
}

TEST(ServerTakesClients, and_the_newer_of_two_with_the_same_id_stays) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, answering(1)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Routes old_routes = answering(10);
    Client older{executor, std::move(old_routes), at_once("twin")};
    co_await older.connect(at, 10s);
    Routes new_routes = answering(20);
    Client newer{executor, std::move(new_routes), at_once("twin")};
    co_await newer.connect(at, 10s);
    const Requester twin = server.to("twin");
    EXPECT_EQ(co_await twin.request<int>("who", 0), 20);
    const Event gone = co_await event_of(server, Event::Kind::disconnected);
    EXPECT_EQ(gone.client_id, "twin");
    EXPECT_EQ(gone.cause, error::duplicate_identity);
    EXPECT_EQ(gone.sentence, "the same client has connected again");
    EXPECT_EQ(server.clients().size(), 1U);
    older.disconnect();
    EXPECT_EQ(co_await newer.request<int>("who", 0), 1);
  });
}

TEST(ServerTakesClients, no_more_where_it_is_unbound) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, answering(1)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    const Endpoint other = co_await server.bind("tcp://127.0.0.1:0");
    Client client{executor, at_once("early")};
    co_await client.connect(at, 10s);
    EXPECT_TRUE(server.unbind(at));
    EXPECT_FALSE(server.unbind(at));
    EXPECT_EQ(co_await client.request<int>("who", 0), 1) << "those that came stay";
    Client late{executor, at_once("late")};
    const Error failed = co_await error_of(late.connect(at, 30ms));
    EXPECT_EQ(failed.code(), error::timed_out);
    co_await late.connect(other, 10s);
    EXPECT_EQ(server.clients().size(), 2U);
  });
}

TEST(ServerTakesClients, at_no_place_that_is_taken) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor, answering(1)};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Server other{executor, answering(2)};
    const auto [ec, nowhere] = co_await other.bind(at, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_TRUE(ec);
    EXPECT_THAT(other.last_error(), HasSubstr(at.to_string()));
  });
}

}  // namespace
}  // namespace parley::rpc::connecting_test
