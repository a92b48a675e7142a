// hashicorp's yamux for Go and libp2p's for JavaScript, on either side of the connection, opening channels and taking
// ours. scripts/foreign-peers makes the programs.
#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>

#include "interop/agent.hpp"
#include "interop/foreign_channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace parley::interop::yamux {
namespace {

using mux::SessionEvent;
using support::ChildProcess;
using support::ChildResult;
using support::hang_bound;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t many = 1000;
constexpr std::uint64_t much = 100 * limits::mib;
constexpr std::uint64_t beyond_the_window = 600'000;

/// What scripts/foreign-peers has made.
std::string made(const std::string& name) {
  std::string path = PARLEY_SOURCE_DIR "/build/foreign/" + name;
  if (!std::filesystem::exists(path)) throw std::runtime_error{path + " is missing: scripts/foreign-peers makes it"};
  return path;
}

struct Foreign {
  Words command;
  bool outlives_going_away;  // its channels go on when one side goes away
};

Foreign hashicorp() { return {{made("yamux-go")}, true}; }
Foreign libp2p() { return {{"node", made("node/yamux_peer.mjs")}, false}; }

class ForeignYamux : public ForeignChannels, public ::testing::WithParamInterface<std::tuple<Foreign (*)(), Role>> {
 protected:
  ForeignYamux() : ForeignChannels{std::get<1>(GetParam()), command_of} {}

  [[nodiscard]] static Foreign foreign() { return std::get<0>(GetParam())(); }

 private:
  static Words command_of(Role role, const std::string& address, const Words& job) {
    return foreign().command + Words{to_string(role), address} + job;
  }
};

/// One that can read behind its own end of a channel, and reset it: hashicorp's of 2019 can do neither.
class YamuxOfToday : public ForeignYamux {};

// --- a thousand channels ---------------------------------------------------------------------------------------------

TEST_P(ForeignYamux, echoes_on_a_thousand_channels_at_once) { echoes_at_once(many); }

TEST_P(ForeignYamux, opens_a_thousand_channels_at_once_and_gets_its_echoes) { gets_echoes_at_once(many); }

// --- much on one channel ---------------------------------------------------------------------------------------------

TEST_P(ForeignYamux, takes_100_mib_on_one_channel_and_answers_on_others) {
  ask([](Session& session) -> asio::awaitable<void> { co_await ask_much_and_little(session, much); });
}

TEST_P(ForeignYamux, sends_100_mib_on_one_channel_and_is_answered_on_others) { serve({"bulk", std::to_string(much)}); }

// --- ends ------------------------------------------------------------------------------------------------------------

TEST_P(ForeignYamux, answers_after_our_end) {
  ask([](Session& session) -> asio::awaitable<void> {
    Channel channel = co_await open_for(session, "h");
    co_await send_pattern(channel, beyond_the_window);
    error_code ec;
    channel.shutdown_send(ec);
    const std::string answer = co_await support::read_to_end(channel, ec);
    EXPECT_EQ(answer, std::to_string(beyond_the_window));
    EXPECT_EQ(ec, asio::error::eof);
  });
}

TEST_P(ForeignYamux, is_heard_after_our_end) {
  serve({"farewell", std::to_string(beyond_the_window)});
  EXPECT_EQ(served.heard.size(), beyond_the_window);
  EXPECT_TRUE(is_pattern(served.heard, 0));
  EXPECT_THAT(served.ends, ElementsAre(asio::error::eof));
}

TEST_P(YamuxOfToday, is_answered_after_its_end) { serve({"half", std::to_string(beyond_the_window)}); }

TEST_P(YamuxOfToday, hears_us_after_its_end) {
  const ChildResult result = ask([](Session& session) -> asio::awaitable<void> {
    Channel channel = co_await open_for(session, "f");
    error_code ec;
    const std::string farewell = co_await support::read_to_end(channel, ec);
    EXPECT_EQ(farewell, "farewell");
    EXPECT_EQ(ec, asio::error::eof);
    co_await send_pattern(channel, beyond_the_window);
    channel.shutdown_send(ec);
  });
  EXPECT_EQ(result.output, "heard " + std::to_string(beyond_the_window) + "\n");
}

// --- resets ----------------------------------------------------------------------------------------------------------

TEST_P(ForeignYamux, sees_our_reset_of_its_channel) { serve({"be-reset"}); }

TEST_P(ForeignYamux, sees_our_reset_of_ours) {
  const ChildResult result = ask([](Session& session) -> asio::awaitable<void> {
    Channel channel = co_await open_for(session, "w");
    const std::string waiting = co_await support::read_exactly(channel, 7);
    EXPECT_EQ(waiting, "waiting");
    channel.reset();
    // Once this one is through, the other side has seen everything before it.
    const std::size_t rest = co_await end_channel(co_await open_for(session, "e"));
    EXPECT_EQ(rest, 0U);
  });
  EXPECT_EQ(result.output, "was reset\n");
}

TEST_P(YamuxOfToday, resets_its_channel) {
  serve({"reset"});
  EXPECT_THAT(served.ends, ElementsAre(error::channel_reset));
}

TEST_P(YamuxOfToday, resets_ours) {
  ask([](Session& session) -> asio::awaitable<void> {
    Channel channel = co_await open_for(session, "r");
    error_code ec;
    co_await support::read_to_end(channel, ec);
    EXPECT_EQ(ec, error::channel_reset);
  });
}

TEST_P(ForeignYamux, refuses_more_channels_than_it_takes) {
  meet({"refuse"}, [](Session& session) -> asio::awaitable<void> {
    Channel first = co_await session.open(hang_bound);
    Channel second = co_await session.open(hang_bound);
    error_code ec;
    co_await support::read_to_end(second, ec);
    EXPECT_EQ(ec, error::channel_refused);
    first.reset();
    co_await session.close(hang_bound);
  });
}

// --- the session -----------------------------------------------------------------------------------------------------

TEST_P(ForeignYamux, answers_pings_and_is_answered) {
  meet({"ping", "20"}, [this](Session& session) -> asio::awaitable<void> {
    serve_channels(session, served);
    for (int i = 0; i < 20; ++i) {
      const auto [ec, round_trip] = co_await session.ping(hang_bound, asio::as_tuple(asio::use_awaitable));
      // The program may have had its answers first, and closed.
      EXPECT_TRUE(!ec || served.is_closing) << ec.message();
    }
    co_await served.through();
  });
}

asio::awaitable<SessionEvent> event_of_kind(Session& session, SessionEvent::Kind kind) {
  for (;;) {
    SessionEvent event = co_await session.next_event(hang_bound);
    if (event.kind == kind) co_return event;
  }
}

TEST_P(ForeignYamux, goes_away) {
  const bool goes_on = foreign().outlives_going_away;
  meet({"leave"}, [this, goes_on](Session& session) -> asio::awaitable<void> {
    serve_channels(session, served);
    co_await event_of_kind(session, SessionEvent::Kind::going_away);
    const auto [ec, none] = co_await session.open(hang_bound, asio::as_tuple(asio::use_awaitable));
    EXPECT_TRUE(ec == error::going_away || (!goes_on && ec == error::closed)) << ec.message();
    if (goes_on) co_await served.through();
    const SessionEvent end = co_await event_of_kind(session, SessionEvent::Kind::ended);
    EXPECT_EQ(end.cause, error::closed) << end.sentence;
  });
  EXPECT_THAT(served.failures, IsEmpty());
}

TEST_P(ForeignYamux, sees_us_go_away) {
  meet({"told"}, [this](Session& session) -> asio::awaitable<void> {
    serve_channels(session, served);
    const SessionEvent end = co_await event_of_kind(session, SessionEvent::Kind::ended);
    EXPECT_EQ(end.cause, error::closed) << end.sentence;
  });
  EXPECT_EQ(served.failures.empty(), foreign().outlives_going_away);
}

// --- endpoints -------------------------------------------------------------------------------------------------------

/// A channel e, in messages. The listener is closed when the program is through.
asio::awaitable<void> echo_messages(Connection peer, Listener& listener) {
  const Message kind = co_await peer.receive(hang_bound);
  if (kind.view().starts_with('q')) listener.close();
  if (kind.size() > 1) co_await peer.send(kind.view().substr(1));
  while (std::optional<Message> message = co_await peer.next(hang_bound)) co_await peer.send(*message);
  co_await peer.close(hang_bound);
}

asio::awaitable<void> echo_connections(Listener& listener) {
  for (;;) {
    auto [ec, peer] = co_await listener.accept(hang_bound, asio::as_tuple(asio::use_awaitable));
    if (ec) co_return;
    asio::co_spawn(co_await asio::this_coro::executor, echo_messages(std::move(peer), listener), asio::detached);
  }
}

/// One message each way, up to the end of either direction: then the program is through with its channel.
asio::awaitable<void> talk_to_the_end(Endpoint at) {
  ConnectOptions how;
  how.framing(UntilEof{});
  Connection connection = co_await connect(at, how);
  co_await connection.send("ehello");
  const Message hello = co_await connection.receive(hang_bound);
  EXPECT_EQ(hello.text(), "hello");
  const CloseReport report = co_await connection.close(hang_bound);
  EXPECT_TRUE(report.all_arrived());
}

TEST_P(ForeignYamux, is_a_connection_by_its_endpoint) {
  if (role() == Role::client) {
    Listener listener{context, "mux+tcp://127.0.0.1:0",
                      ListenerOptions{.connection = {.framing = Raw{}}, .transport = {}}};
    ChildProcess program{command(listener.local_endpoint(), {"echo", "5"})};
    const ChildResult result = finish(context, echo_connections(listener), program);
    EXPECT_EQ(result.code, 0) << result.errors;
    return;
  }
  ChildProcess program{command("tcp://127.0.0.1:0", {"serve"})};
  const Endpoint at{"mux+" + listening_endpoint(program, "tcp://127.0.0.1:0").to_string()};
  {
    asio::io_context dialling;  // keeps the session for a while after its last channel, and ends it when it goes
    ASSERT_TRUE(support::run_coroutine(dialling, talk_to_the_end(at)));
  }
  const ChildResult result = program.wait();
  EXPECT_EQ(result.code, 0) << result.errors;
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Foreign (*)(), Role>>& each) {
  return std::string{std::get<0>(each.param) == &hashicorp ? "hashicorp" : "libp2p"} + "_as_" +
         to_string(std::get<1>(each.param));
}

INSTANTIATE_TEST_SUITE_P(As, ForeignYamux,
                         ::testing::Combine(::testing::Values(&hashicorp, &libp2p),
                                            ::testing::Values(Role::client, Role::server)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(As, YamuxOfToday,
                         ::testing::Combine(::testing::Values(&libp2p), ::testing::Values(Role::client, Role::server)),
                         name_of);

}  // namespace
}  // namespace parley::interop::yamux
