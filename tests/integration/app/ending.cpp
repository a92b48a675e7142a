// How it ends: peers that are closed, stop() from outside and from handlers, its deadline, destruction, silence.
#include "support/handlers.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace parley::app::ending_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::any_port;
using support::becomes;
using support::error_of;
using support::Gate;
using support::hang_bound;
using support::Log;
using support::RawPeer;
using support::run_requests;
using support::with_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(APeer, may_be_closed_by_its_handler_and_what_was_sent_arrives) {
  Log log;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([&](Peer& peer, const Message& m) {
          log(m.text());
          peer.post("farewell");
          peer.disconnect();
          EXPECT_FALSE(peer.is_connected());
          EXPECT_EQ(peer.post("x"), error::closed);
        });
        server.on_message([&](const Message&) { log("the other handler of the message"); });
        server.on_disconnect([&](const Cause& why) {
          EXPECT_EQ(why.code, error::closed);
          log("disconnected: " + why.sentence.substr(0, 42));
        });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        const Message last = co_await peer.receive(hang_bound);
        EXPECT_EQ(last.view(), "farewell");
        (void)co_await error_of(peer.receive(hang_bound));
        co_await becomes([&] { return log.size() == 3; });
      });
  EXPECT_THAT(log.words(), ElementsAre("a", "the other handler of the message",
                                       "disconnected: the connection was closed on this side (tc"));
}

TEST(APeer, may_be_closed_by_its_coroutine_which_waits_for_the_end) {
  std::optional<CloseReport> report;
  Log log;
  with_server(
      {},
      [&](Server& server) {
        server.on_message([&](Peer& peer, const Message&) -> asio::awaitable<void> {
          peer.post("farewell");
          report = co_await peer.close(hang_bound);
          log("closed");
        });
        server.on_disconnect([&] { log("disconnected"); });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        const Message last = co_await peer.receive(hang_bound);
        EXPECT_EQ(last.view(), "farewell");
        co_await becomes([&] { return log.size() == 2; });
      });
  EXPECT_TRUE(report && report->all_arrived());
  EXPECT_THAT(log.words(), ElementsAre("closed", "disconnected"));
}

TEST(Stop, lets_what_is_under_way_end) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Gate gate;
    Log log;
    Server server{executor};
    server.on_message([&](std::string text) -> asio::awaitable<std::string> {
      co_await gate.pass();
      log(text);
      co_return text;
    });
    server.on_disconnect([&] { log("disconnected"); });
    const Endpoint at = server.listen(any_port);
    server.start();
    Connection peer = co_await connect(at);
    Connection idle = co_await connect(at);
    co_await peer.send("a");
    co_await peer.send("b");
    co_await becomes([&] { return gate.arrived == 1 && server.peers().size() == 2; });
    co_await becomes([&] { return server.peers()[0].stats().receive_queue_size > 0; });
    bool has_stopped = false;
    server.stop(hang_bound, [&](error_code ec, StopReport report) {
      EXPECT_FALSE(ec);
      EXPECT_EQ(report, StopReport{});
      has_stopped = true;
    });
    const Error refused = co_await error_of(connect(at));
    EXPECT_EQ(refused.code(), asio::error::connection_refused);
    (void)co_await error_of(idle.receive(hang_bound));
    EXPECT_FALSE(has_stopped);
    gate.open();
    const Message first = co_await peer.receive(hang_bound);
    const Message second = co_await peer.receive(hang_bound);
    EXPECT_EQ(first.view(), "a");
    EXPECT_EQ(second.view(), "b") << "it had come wholly";
    co_await becomes([&] { return has_stopped; });
    EXPECT_THAT(log.words(), ElementsAre("disconnected", "a", "b", "disconnected"));
    EXPECT_EQ(co_await server.stop(1s), StopReport{}) << "it has stopped already";
    EXPECT_THROW(server.listen(any_port), Error);
  });
}

TEST(Stop, cancels_coroutines_at_its_deadline_and_cuts_connections) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Gate gate;
    Log log;
    Server server{executor};
    server.on_message([&](const Message&) -> asio::awaitable<void> { co_await gate.pass(); });
    server.on_disconnect([&]() -> asio::awaitable<void> {
      co_await asio::post(asio::use_awaitable);
      log("disconnected");
    });
    const Endpoint at = server.listen(any_port);
    server.start();
    Connection peer = co_await connect(at);
    co_await peer.send("a");
    co_await becomes([&] { return gate.arrived == 1; });
    const StopReport report = co_await server.stop(1ms);
    EXPECT_EQ(report.handlers_cancelled, 1U);
    EXPECT_EQ(report.peers_cut, 1U);
    EXPECT_EQ(report.handlers_left, 0U);
    EXPECT_EQ(gate.cancelled, 1);
    EXPECT_THAT(log.words(), ElementsAre("disconnected"));
    EXPECT_EQ(server.stats().handlers_failed, 0U) << "to be cancelled is no failure";
  });
}

TEST(Stop, does_not_count_a_connection_as_cut_that_was_closed_in_order) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Gate gate;
    Server server{executor};
    server.on_message([](const Message&) {});
    server.on_disconnect([&](Peer&) -> asio::awaitable<void> { co_await gate.pass(); });
    const Endpoint at = server.listen(any_port);
    server.start();
    {
      Connection peer = co_await connect(at);
      co_await becomes([&] { return server.stats().peers == 1; });
      co_await peer.close(hang_bound);
    }
    co_await becomes([&] { return gate.arrived == 1; });
    const StopReport report = co_await server.stop(20ms);
    EXPECT_EQ(report.handlers_cancelled, 1U);
    EXPECT_EQ(report.peers_cut, 0U);
    EXPECT_EQ(report.unsent_count, 0U);
  });
}

TEST(Stop, may_be_awaited_by_a_handler_which_is_not_waited_for) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Log log;
    Server server{executor};
    server.on_message([&](Peer& peer, const Message&) -> asio::awaitable<void> {
      const StopReport report = co_await server.stop(hang_bound);
      EXPECT_EQ(report, StopReport{});
      co_await peer.send("stopped");
      log("stopped");
    });
    server.on_disconnect([&] { log("disconnected"); });
    const Endpoint at = server.listen(any_port);
    server.start();
    Connection peer = co_await connect(at);
    Connection other = co_await connect(at);
    co_await becomes([&] { return server.peers().size() == 2; });
    co_await peer.send("stop");
    const Message reply = co_await peer.receive(hang_bound);
    EXPECT_EQ(reply.view(), "stopped") << "its own connection is still there";
    (void)co_await error_of(other.receive(hang_bound));
    co_await becomes([&] { return log.size() == 3; });
    EXPECT_THAT(log.words(), ElementsAre("disconnected", "stopped", "disconnected"));
    (void)co_await server.stop(hang_bound);
  });
}

TEST(Stop, may_be_asked_for_by_a_plain_handler) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor};
    server.on_message([&](const Message& m) {
      server.request_stop(hang_bound);
      return m;
    });
    const Endpoint at = server.listen(any_port);
    server.start();
    Connection peer = co_await connect(at);
    co_await peer.send("last words");
    const Message reply = co_await peer.receive(hang_bound);
    EXPECT_EQ(reply.view(), "last words");
    (void)co_await error_of(peer.receive(hang_bound));
    EXPECT_EQ(co_await server.stop(hang_bound), StopReport{});
  });
}

TEST(Stop, of_what_was_never_started_is_at_once) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Server server{executor};
    (void)server.listen(any_port);
    EXPECT_EQ(co_await server.stop(hang_bound), StopReport{});
  });
}

TEST(Destroying, a_server_begins_no_handler_and_cancels_those_that_run) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Gate gate;
    Log log;
    std::optional<Server> server{std::in_place, executor};
    server->on_message([&](const Message&) -> asio::awaitable<void> { co_await gate.pass(); });
    server->on_disconnect([&] { log("disconnected"); });
    const Endpoint at = server->listen(any_port);
    server->start();
    Connection peer = co_await connect(at);
    co_await peer.send("a");
    co_await peer.send("b");
    co_await becomes([&] { return gate.arrived == 1; });
    const Peer kept = server->peers().at(0);
    EXPECT_EQ(kept.post("queued"), error_code{});
    server.reset();
    co_await becomes([&] { return gate.cancelled == 1; });
    const Message queued = co_await peer.receive(hang_bound);
    EXPECT_EQ(queued.view(), "queued") << "what was queued is still written";
    (void)co_await error_of(peer.receive(hang_bound));
    EXPECT_EQ(log.size(), 0U);
    EXPECT_EQ(gate.arrived, 1);
    EXPECT_FALSE(kept.is_connected());
    EXPECT_EQ(kept.post("x"), error::closed);
    EXPECT_EQ((co_await error_of(kept.send("x"))).code(), error::closed);
  });
}

TEST(Destroying, a_server_whose_peers_are_idle_calls_nobody_and_closes_them) {
  run_requests([](asio::any_io_executor executor) -> asio::awaitable<void> {
    Log log;
    std::optional<Server> server{std::in_place, executor};
    server->on_message([&](const Message& m) { log(m.text()); });
    server->on_disconnect([&] { log("disconnected"); });
    const Endpoint at = server->listen(any_port);
    server->start();
    Connection peer = co_await connect(at);
    co_await peer.send("a");
    co_await becomes([&] { return log.size() == 1; });
    co_await peer.send("b");
    co_await becomes([&] { return log.size() == 2; });
    co_await asio::post(asio::use_awaitable);  // by now the server waits for the next
    server.reset();
    EXPECT_EQ((co_await error_of(peer.receive(hang_bound))).code(), error::closed);
    EXPECT_THAT(log.words(), ElementsAre("a", "b"));
  });
}

TEST(Destroying, an_execution_context_first_leaves_nothing_behind) {
  std::optional<asio::io_context> context{std::in_place};
  Server server{*context};
  server.on_message([](const Message&) -> asio::awaitable<void> {
    asio::steady_timer never{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    co_await never.async_wait(asio::use_awaitable);
  });
  const Endpoint at = server.listen(any_port);
  server.start();
  RawPeer peer{at};
  peer.write(std::string{"\0\0\0\1a", 5});
  EXPECT_TRUE(support::run_until(*context, [&] { return server.stats().messages_received == 1; }));
  context.reset();
}

TEST(APeer, is_told_as_idle_once_for_each_silence) {
  Log log;
  with_server(
      {},
      [&](Server& server) {
        server.on_idle(20ms, [&](Peer& peer) {
          log("idle");
          peer.post("are you there?");
        });
        server.on_idle(40ms, [&](Peer& peer) -> asio::awaitable<void> {
          log("gone");
          co_await peer.close(1s);
        });
        server.on_message([&](const Message& m) { log(m.text()); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        const Message question = co_await peer.receive(hang_bound);
        EXPECT_EQ(question.view(), "are you there?");
        co_await becomes([&] { return server.peers().empty(); });
      });
  EXPECT_THAT(log.words(), ElementsAre("idle", "gone"));
}

TEST(APeer, that_speaks_after_a_silence_is_told_as_idle_again) {
  int idle = 0;
  with_server(
      {},
      [&](Server& server) {
        server.on_idle(20ms, [&] { ++idle; });
        server.on_message([](const Message&) {});
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (int silences = 1; silences <= 3; ++silences) {
          co_await becomes([&] { return idle == silences; });
          co_await peer.send("I am there");
        }
      });
}

TEST(APeer, that_is_silent_for_too_long_is_closed) {
  std::optional<Cause> end;
  ServerOptions options;
  options.idle_time_max = 30ms;
  with_server(
      options, [&](Server& server) { server.on_disconnect([&](const Cause& why) { end = why; }); },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        (void)co_await error_of(peer.receive(hang_bound));
        co_await becomes([&] { return end.has_value(); });
        EXPECT_EQ(server.stats().peers_silent, 1U);
      });
  EXPECT_EQ(end.value_or(Cause{}).code, error::peer_silent);
  EXPECT_THAT(end.value_or(Cause{}).sentence, HasSubstr("nothing has come from the peer for 30 ms (tcp://"));
}

TEST(APeer, that_takes_nothing_for_too_long_is_closed_also_while_its_handler_waits) {
  std::optional<Cause> end;
  ServerOptions options;
  options.idle_time_max = 50ms;
  options.send_high_water_size = 1000;
  with_server(
      options,
      [&](Server& server) {
        server.on_message([](Peer& peer, const Message&) -> asio::awaitable<void> {
          for (;;) co_await peer.send(std::string(100'000, 'x'));
        });
        server.on_disconnect([&](const Cause& why) { end = why; });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        RawPeer peer{at};
        peer.write(std::string{"\0\0\0\1a", 5});
        co_await becomes([&] { return end.has_value(); });
      });
  EXPECT_EQ(end.value_or(Cause{}).code, error::peer_too_slow);
}

}  // namespace
}  // namespace parley::app::ending_test
