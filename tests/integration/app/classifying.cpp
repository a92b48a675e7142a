// What peers are, by the first that they send: kinds with their handlers, hooks, filters and framings.
#include "support/handlers.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace parley::app::classifying_test {
namespace {

namespace asio = boost::asio;
using support::becomes;
using support::hang_bound;
using support::Log;
using support::RawPeer;
using support::with_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// The one error that a peer with these messages causes, and that it is closed for it.
void expect_closed_with(ServerOptions options, std::function<void(Server&)> prepare, std::vector<std::string> messages,
                        error code, const std::string& words) {
  std::optional<Cause> told;
  std::optional<Cause> end;
  with_server(
      options,
      [&](Server& server) {
        prepare(server);
        server.on_error([&](const Cause& why) { told = why; });
        server.on_disconnect([&](const Cause& why) { end = why; });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const std::string& each : messages) co_await peer.send(each);
        const Error closed = co_await support::error_of(peer.receive(hang_bound));
        EXPECT_NE(closed.code(), error::timed_out);
        co_await becomes([&] { return end.has_value(); });
        EXPECT_TRUE(told.has_value()) << "on_error comes before on_disconnect";
        EXPECT_EQ(server.stats().unclassified, 1U);
      });
  EXPECT_EQ(told.value_or(Cause{}).code, code);
  EXPECT_THAT(told.value_or(Cause{}).sentence, HasSubstr(words));
  EXPECT_EQ(end.value_or(Cause{}).code, code);
}

void take(const Message& /*message*/) {}

TEST(AClassifier, decides_by_the_first_message_whose_handlers_a_peer_has) {
  with_server(
      {},
      [](Server& server) {
        server.classify([](const Message& first) { return first.view().starts_with("!!") ? "panel" : unclassified; });
        server.on_message("panel", [](Peer& peer, std::string text) { return std::string{peer.kind()} + ":" + text; });
        server.on_message(unclassified, [](std::string text) { return "?" + text; });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection panel = co_await connect(at);
        Connection other = co_await connect(at);
        for (Connection* const peer : {&panel, &other}) {
          co_await peer->send(peer == &panel ? "!!alarm" : "hello");
          co_await peer->send("!!second");
        }
        const Message first = co_await panel.receive(hang_bound);
        const Message second = co_await panel.receive(hang_bound);
        EXPECT_EQ(first.view(), "panel:!!alarm");
        EXPECT_EQ(second.view(), "panel:!!second");
        const Message third = co_await other.receive(hang_bound);
        const Message fourth = co_await other.receive(hang_bound);
        EXPECT_EQ(third.view(), "?hello");
        EXPECT_EQ(fourth.view(), "?!!second") << "classified once";
        EXPECT_EQ(server.peers("panel").size(), 1U);
        EXPECT_EQ(server.peers({"panel", unclassified}).size(), 2U);
        EXPECT_THAT(server.peers("panel")[0].to_string(), StartsWith("peer 1, panel (tcp://"));
      });
}

TEST(AClassifier, sees_what_came_first_whatever_was_sent_before) {
  with_server(
      {},
      [](Server& server) {
        server.on_connect([](Peer& peer) { peer.post("welcome"); });
        server.classify([](std::string first) { return first; });
        server.on_message("gauge", [](std::string) { return "yes"; });
      },
      [](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        const Message welcome = co_await peer.receive(hang_bound);
        EXPECT_EQ(welcome.view(), "welcome");
        co_await peer.send("gauge");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "yes");
      });
}

TEST(AClassifier, may_need_several_messages_which_are_held_and_then_handled_in_order) {
  ServerOptions options;
  options.history_count_max = 10;
  with_server(
      options,
      [](Server& server) {
        server.classify([](std::span<const Message> messages) -> Verdict {
          if (messages.size() < 3) return not_yet;
          return messages[2].text();
        });
        server.after_receive("panel", [](const Message& m) { return Message{"p" + m.text()}; });
        server.on_message(
            "panel", [](Peer& peer, std::string text) { return text + (peer.is_first_message() ? " first" : ""); });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"a", "b", "panel", "c"}) co_await peer.send(text);
        std::vector<std::string> replies;
        for (int i = 0; i < 4; ++i) replies.push_back((co_await peer.receive(hang_bound)).text());
        EXPECT_THAT(replies, ElementsAre("pa first", "pb", "ppanel", "pc"));
        EXPECT_EQ(server.peers().at(0).first_message().view(), "a");
        EXPECT_EQ(to_string(server.peers().at(0).history().entries.at(0)), "peer: pa (on the wire: a)");
      });
}

TEST(AClassifier, may_not_hold_too_many_messages_nor_too_many_bytes) {
  const auto undecided = [](Server& server) {
    server.classify([](std::span<const Message>) -> Verdict { return not_yet; });
    server.on_message(take);
  };
  ServerOptions few;
  few.held_count_max = 2;
  expect_closed_with(few, undecided, {"a", "b"}, error::not_classified, "no more than 2 are held");
  ServerOptions small;
  small.held_size_max = 5;
  expect_closed_with(small, undecided, {"123", "456"}, error::not_classified, "their 6 bytes exceed the limit of 5");
}

TEST(AClassifier, has_a_time_to_decide) {
  ServerOptions options;
  options.classification_time_max = 20ms;
  const auto undecided = [](Server& server) {
    server.classify([](std::span<const Message>) -> Verdict { return not_yet; });
    server.on_message(take);
  };
  expect_closed_with(options, undecided, {"a"}, error::not_classified, "the 20 ms for that are over");
}

TEST(AClassifier, may_have_all_the_time_that_there_is) {
  ServerOptions options;
  options.classification_time_max = std::chrono::milliseconds::max();
  options.idle_time_max = std::chrono::milliseconds::max();
  with_server(
      options,
      [](Server& server) {
        server.on_idle(Duration::max(), [] { ADD_FAILURE(); });
        server.classify([](std::span<const Message> first) -> Verdict {
          return first.size() < 2 ? Verdict{not_yet} : Verdict{"known"};
        });
        server.on_message([](std::string text) { return text; });
      },
      [](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"a", "b"}) co_await peer.send(text);
        for (const char* const text : {"a", "b"}) EXPECT_EQ((co_await peer.receive(hang_bound)).view(), text);
      });
}

TEST(AClassifier, may_refuse_a_peer) {
  const auto refusing = [](Server& server) {
    server.classify([](const Message&) { return Verdict::refused("no panel of ours"); });
    server.on_message(take);
  };
  expect_closed_with({}, refusing, {"a"}, error::peer_refused, "the classifier refused the peer: no panel of ours");
}

TEST(AClassifier, that_throws_has_refused) {
  const auto throwing = [](Server& server) {
    server.classify([](const Message&) -> Verdict { throw std::runtime_error{"out of ideas"}; });
    server.on_message(take);
  };
  expect_closed_with({}, throwing, {"a"}, error::peer_refused, "the classifier threw: out of ideas");
}

TEST(AClassifier, may_not_name_a_kind_that_nobody_handles) {
  const auto naming = [](Server& server) {
    server.classify([](std::string first) { return first; });
    server.on_message("panel", take);
  };
  expect_closed_with({}, naming, {"meter"}, error::unknown_kind, "the kind \"meter\", which no message handler is for");
  expect_closed_with({}, naming, {"unclassified"}, error::unknown_kind, "\"unclassified\"");
  const auto declaring = [](Server& server) {
    server.classify([](std::string first) { return first; }, {"panel"});
    server.on_message(take);
  };
  expect_closed_with({}, declaring, {"meter"}, error::unknown_kind, "\"meter\", which it does not declare");
}

TEST(AClassifier, may_name_any_kind_where_a_handler_is_for_all) {
  with_server(
      {},
      [](Server& server) {
        server.classify([](std::string first) { return first; });
        server.on_message([](Peer& peer, const Message&) { return std::string{peer.kind()}; });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("of its own");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "of its own");
        EXPECT_EQ(server.peers("of its own").size(), 1U);
      });
}

TEST(AClassifier, is_checked_against_the_handlers_when_the_server_starts) {
  asio::io_context context;
  Server server{context};
  server.classify(ByPrefix{{"!!", "panel"}, {"M:", "meter"}});
  server.on_message("panel", take);
  EXPECT_THROW(server.start(), std::invalid_argument) << "nobody handles meters";
}

TEST(AKind, may_have_a_framing_of_its_own_from_its_classification_on) {
  ServerOptions options;
  options.framing = Separator{"\n"};
  with_server(
      options,
      [](Server& server) {
        server.classify(ByPrefix{{"binary", "binary"}, {"", "text"}});
        server.framing("binary", LengthPrefixed{});
        server.on_message([](Message m) { return m; });
      },
      [](Server&, Endpoint at) -> asio::awaitable<void> {
        ConnectOptions as_text;
        as_text.framing(Separator{"\n"});
        Connection peer = co_await connect(at, as_text);
        co_await peer.send("binary");
        peer.reframe(LengthPrefixed{});
        co_await peer.send("with\nlines\n");
        const Message first = co_await peer.receive(hang_bound);
        const Message second = co_await peer.receive(hang_bound);
        EXPECT_EQ(first.view(), "binary");
        EXPECT_EQ(second.view(), "with\nlines\n");
        Connection text = co_await connect(at, as_text);
        co_await text.send("line");
        const Message line = co_await text.receive(hang_bound);
        EXPECT_EQ(line.view(), "line");
      });
}

TEST(AClassifier, drops_what_it_holds_with_its_peer_and_counts_it) {
  with_server(
      {},
      [](Server& server) {
        server.classify([](std::span<const Message>) -> Verdict { return not_yet; });
        server.on_message(take);
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        co_await peer.close(hang_bound);
        co_await becomes([&] { return server.stats().peers_accepted == 1 && server.stats().peers == 0; });
        EXPECT_EQ(server.stats().messages_abandoned, 2U);
      });
}

}  // namespace
}  // namespace parley::app::classifying_test
