// Clients made of handlers: connecting, staying connected, sending.
#include "support/handlers.hpp"

#include <parley/connection/listener.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace parley::app::clients_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::any_port;
using support::becomes;
using support::error_of;
using support::hang_bound;
using support::Log;
using support::run_requests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

ClientOptions persistent() {
  ClientOptions options;
  options.reconnects = true;
  options.backoff = [](unsigned, std::uint64_t) { return 1ms; };
  return options;
}

TEST(AClient, has_the_events_of_the_server_it_is_connected_to) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Log log;
    Server server{executor};
    server.on_message([](std::string text) { return "server replied: " + text; });
    const Endpoint at = server.listen(any_port);
    server.start();
    Client client{executor};
    client.on_connect([&](Peer& peer) { log("connected to " + std::string{peer.endpoint() == at ? "it" : "?"}); });
    client.after_receive([](const Message& m) { return Message{m.text() + "!"}; });
    client.on_message([&](std::string text) { log(text); });
    client.on_disconnect([&](const Cause& why) { log(why.code == error::closed ? "closed" : why.sentence); });
    EXPECT_EQ(client.peer(), std::nullopt);
    EXPECT_EQ(client.post("x"), error::disconnected);
    co_await client.connect(at, hang_bound);
    EXPECT_THROW(client.dial(at), std::logic_error);
    co_await client.send("hello");
    EXPECT_EQ(client.try_send("again"), error_code{});
    co_await becomes([&] { return log.size() == 3; });
    EXPECT_TRUE(client.peer().has_value());
    EXPECT_EQ(client.stats().messages_received, 2U);
    (void)co_await server.stop(hang_bound);
    co_await becomes([&] { return log.size() == 4; });
    (void)co_await client.stop(hang_bound);
    EXPECT_THAT(log.words(),
                ElementsAre("connected to it", "server replied: hello!", "server replied: again!", "closed"));
  });
}

TEST(AClient, dials_again_when_it_is_to) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Log log;
    Client client{executor, persistent()};
    client.on_connect([&](Peer& peer) {
      log("connected");
      peer.post("hello");
    });
    client.on_message([&](std::string text) { log(text); });
    client.on_disconnect([&] { log("disconnected"); });
    Endpoint at{any_port};
    for (int round = 0; round < 2; ++round) {
      Server server{executor};
      server.on_message([](const Message& m) { return m; });
      at = server.listen(at);
      server.start();
      if (round == 0) client.dial(at);
      const std::size_t before = log.size();
      co_await client.connected(hang_bound);
      co_await becomes([&] { return log.size() == before + 2; });
      (void)co_await server.stop(hang_bound);
      co_await becomes([&] { return log.size() == before + 3; });
    }
    client.disconnect();
    const Error none = co_await error_of(client.connected(1s));
    EXPECT_EQ(none.code(), error::disconnected);
    EXPECT_THAT(log.words(), ElementsAre("connected", "hello", "disconnected", "connected", "hello", "disconnected"));
  });
}

TEST(AClient, says_why_it_is_not_connected) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Endpoint at{any_port};
    {
      const Listener gone{executor, at};
      at = gone.local_endpoint();
    }
    Client once{executor};
    const Error refused = co_await error_of(once.connect(at, hang_bound));
    EXPECT_EQ(refused.code(), asio::error::connection_refused);
    EXPECT_THAT(refused.what(), HasSubstr("cannot connect to tcp://127.0.0.1:"));
    EXPECT_EQ(once.last_error(), refused.what());
    const Error idle = co_await error_of(once.send("x"));
    EXPECT_EQ(idle.code(), error::disconnected);
    EXPECT_THAT(idle.what(), HasSubstr("does not dial"));

    Client again{executor, persistent()};
    again.dial(at);
    const Error late = co_await error_of(again.connected(20ms));
    EXPECT_EQ(late.code(), error::timed_out);
    const Error not_yet_there = co_await error_of(again.send("x"));
    EXPECT_THAT(not_yet_there.what(), HasSubstr("the client is not connected (tcp://127.0.0.1:"));
    EXPECT_EQ((co_await again.stop(hang_bound)), StopReport{});
    EXPECT_THROW(again.dial(at), Error);
  });
}

TEST(AClient, refuses_what_can_never_be_dialled) {
  asio::io_context context;
  Client client{context};
  EXPECT_THROW(client.dial("tcp://*:1"), std::invalid_argument);
  EXPECT_THROW(Client(context, ClientOptions{.backoff = {}}), std::invalid_argument);
  EXPECT_THROW(Client{ClientOptions{.backoff = {}}}, std::invalid_argument);
  Client over_ws{context, {.framing = UntilEof{}}};
  EXPECT_THROW(over_ws.dial("ws://127.0.0.1:1"), std::invalid_argument);
  EXPECT_THROW(client.dial("udp://127.0.0.1:1?ttl=4"), std::invalid_argument);
  EXPECT_THROW(Client(context, ClientOptions{.send_high_water_count = 0}), std::invalid_argument);
}

TEST(AClient, refuses_it_also_where_it_is_dialled_from_its_own_loop) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options;
    options.framing = Separator{"\n"};
    Client client{executor, options};
    std::thread{[&] { (void)client.stats(); }}.join();  // from now on its mutex is one for several threads
    EXPECT_THROW(client.dial("udp://127.0.0.1:1"), std::invalid_argument);
    client.dial("inproc://nobody-listens-there");
    const Error absent = co_await error_of(client.connected(hang_bound));
    EXPECT_THAT(absent.what(), HasSubstr("cannot connect to inproc://nobody-listens-there"));
  });
}

TEST(AClient, that_is_destroyed_while_it_dials_leaves_nothing) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    const Listener listener{executor, any_port};
    std::optional<Client> client{std::in_place, executor, persistent()};
    client->dial(listener.local_endpoint());
    client.reset();
    co_return;
  });
}

}  // namespace
}  // namespace parley::app::clients_test
