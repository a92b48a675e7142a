// Hooks and filters: what they make of messages, in which order, and what becomes of those that they would not have.
#include "support/handlers.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace parley::app::hooks_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::becomes;
using support::error_of;
using support::hang_bound;
using support::Log;
using support::with_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Puts a letter behind what goes out, and takes it from what comes in.
class Letter final : public Filter {
 public:
  explicit Letter(char letter) : letter_{letter} {}
  FilterResult decode(Message message) override {
    const std::string text = message.text();
    if (text == "drop") return FilterResult::dropped("told to");
    if (text.empty() || text.back() != letter_) {
      return FilterResult::failed(error::malformed, std::string{"no "} + letter_ + " at the end");
    }
    return Message{text.substr(0, text.size() - 1)};
  }
  FilterResult encode(Message message) override {
    if (message.view().starts_with("refuse")) return FilterResult::failed(error::unframeable, "as it was told to");
    return Message{message.text() + letter_};
  }

 private:
  const char letter_;
};

MakeFilter letter(char which) {
  return [which] { return std::make_unique<Letter>(which); };
}

std::function<Message(Message)> append(const std::string& what) {
  return [what](const Message& m) { return Message{m.text() + what}; };
}

TEST(Hooks, and_filters_are_called_from_the_wire_to_the_handlers_and_back) {
  with_server(
      {},
      [](Server& server) {
        server.filter(letter('a'));
        server.filter(letter('b'));
        server.filter("panel", letter('c'));
        server.classify([](std::string first) { return first.substr(0, 5); });
        server.after_receive("panel", append("2"));
        server.after_receive(append("1"));
        server.before_send(append("4"));
        server.before_send("panel", append("3"));
        server.on_message("panel", [](std::string text) { return "<" + text + ">"; });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("panelcba");
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "<panel12>34cba");
        EXPECT_EQ(server.peers().at(0).first_message().view(), "panelc") << "as the classifier saw it";
      });
}

TEST(Hooks, may_drop_answer_and_refuse_what_is_received) {
  Log handled;
  Log errors;
  with_server(
      {},
      [&](Server& server) {
        server.after_receive([](const Message& m) -> std::optional<Message> {
          if (m.view() == "drop") return std::nullopt;
          return m;
        });
        server.after_receive([](Peer&, Message m) -> Hooked {
          if (m.view() == "drop too") return Hooked::drop();
          if (m.view() == "ping") return Hooked::answer("pong");
          if (m.view() == "refuse") return Hooked::refuse("not today");
          if (m.view() == "throw") throw std::runtime_error{"hooked"};
          return m;
        });
        server.on_message([&](const Message& m) { handled(m.text()); });
        server.on_error([&](const Cause& why) {
          EXPECT_EQ(why.code, error::message_refused);
          errors(why.sentence);
        });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"drop", "drop too", "refuse", "throw", "well", "ping"}) co_await peer.send(text);
        const Message reply = co_await peer.receive(hang_bound);
        EXPECT_EQ(reply.view(), "pong");
        co_await becomes([&] { return errors.size() == 2; });
        const Stats stats = server.stats();
        EXPECT_EQ(stats.messages_received, 6U);
        EXPECT_EQ(stats.messages_dropped, 2U);
        EXPECT_EQ(stats.messages_refused, 2U);
        EXPECT_EQ(stats.messages_sent, 1U);
      });
  EXPECT_THAT(handled.words(), ElementsAre("well"));
  EXPECT_THAT(errors.words()[0], HasSubstr("a hook refused a message: not today (tcp://"));
  EXPECT_THAT(errors.words()[1], HasSubstr("it threw: hooked"));
}

TEST(Hooks, may_close_a_peer) {
  std::optional<Cause> end;
  with_server(
      {},
      [&](Server& server) {
        server.after_receive([](Message) { return Hooked::fail("enough"); });
        server.on_message([](const Message&) { ADD_FAILURE(); });
        server.on_disconnect([&](const Cause& why) { end = why; });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("a");
        co_await peer.send("b");
        const Error closed = co_await error_of(peer.receive(hang_bound));
        EXPECT_EQ(closed.code(), error::closed);
        co_await becomes([&] { return end.has_value(); });
      });
  EXPECT_EQ(end.value_or(Cause{}).code, error::message_refused);
  EXPECT_THAT(end.value_or(Cause{}).sentence, HasSubstr("enough"));
}

TEST(Hooks, may_refuse_and_drop_what_is_sent) {
  with_server(
      {},
      [](Server& server) {
        server.filter(letter('x'));
        server.before_send([](Peer& peer, Message m) -> Hooked {
          if (m.view() == "drop") return Hooked::drop();
          if (m.view() == "no") return Hooked::refuse("a secret");
          if (m.view() == "answer") return Hooked::answer("what");
          if (m.view() == "throw") throw std::runtime_error{"hooked"};
          if (m.view() == "send") peer.post("from a hook");
          return m;
        });
      },
      [](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await becomes([&] { return server.peers().size() == 1; });
        const Peer to = server.peers()[0];
        const Error refused = co_await error_of(to.send("no"));
        EXPECT_EQ(refused.code(), error::message_refused);
        EXPECT_THAT(refused.what(), HasSubstr("the message was not sent: a hook refused it: a secret (tcp://"));
        EXPECT_EQ(to.post("no"), error::message_refused);
        EXPECT_EQ(to.last_error(), refused.what());
        EXPECT_EQ(to.try_send("refuse"), error::message_refused);
        EXPECT_THAT(to.last_error(), HasSubstr("a filter refused it: as it was told to"));
        EXPECT_EQ(to.post("answer"), error::message_refused);
        EXPECT_EQ(to.post("throw"), error::message_refused);
        EXPECT_THAT(to.last_error(), HasSubstr("threw: hooked"));
        EXPECT_EQ(to.post("send"), error::message_refused);
        EXPECT_THAT(to.last_error(), HasSubstr("must not send any itself"));
        co_await to.send("drop");
        EXPECT_EQ(to.post("drop"), error_code{});
        bool is_told = false;
        to.send("no", [&](error_code ec) {
          EXPECT_EQ(ec, error::message_refused);
          is_told = true;
        });
        EXPECT_FALSE(is_told);
        co_await becomes([&] { return is_told; });
        co_await to.send("yes");
        const Message received = co_await peer.receive(hang_bound);
        EXPECT_EQ(received.view(), "yesx");
        EXPECT_EQ(server.stats().messages_dropped, 2U);
        EXPECT_EQ(server.stats().messages_sent, 1U);
      });
}

TEST(AFilter, that_fails_closes_its_peer_and_one_that_drops_does_not) {
  Log handled;
  std::vector<error_code> errors;
  with_server(
      {},
      [&](Server& server) {
        server.filter(letter('x'));
        server.on_message([&](const Message& m) { handled(m.text()); });
        server.on_error([&](const Cause& why) { errors.push_back(why.code); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"onex", "drop", "twox", "three", "fourx"}) co_await peer.send(text);
        (void)co_await error_of(peer.receive(hang_bound));
        co_await becomes([&] { return server.peers().empty(); });
      });
  EXPECT_THAT(handled.words(), ElementsAre("one", "two"));
  EXPECT_THAT(errors, ElementsAre(error_code{error::message_refused}, error_code{error::malformed}));
}

/// Counts what it has encoded and goes out.
class Counting final : public Filter {
 public:
  explicit Counting(int& count) : count_{count} {}
  FilterResult decode(Message m) override { return m; }
  FilterResult encode(Message m) override {
    ++count_;
    return m;
  }
  void not_sent() override { --count_; }

 private:
  int& count_;
};

TEST(AFilter, forgets_what_another_would_not_have) {
  int count = 0;
  ServerOptions options;
  options.message_size_max = 100;
  with_server(
      options,
      [&](Server& server) {
        server.filter(letter('x'));
        server.filter([&] { return std::make_unique<Counting>(count); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await becomes([&] { return server.peers().size() == 1; });
        const Peer to = server.peers()[0];
        EXPECT_EQ(to.post("well"), error_code{});
        EXPECT_EQ(count, 1);
        EXPECT_EQ(to.post("refuse"), error::message_refused);
        EXPECT_EQ(count, 1) << "by the filter behind it";
        EXPECT_EQ(to.post(std::string(200, 'x')), error::message_too_large);
        EXPECT_EQ(count, 1) << "by the connection";
      });
}

TEST(AFilter, forgets_what_another_has_thrown_for) {
  struct Throwing final : Filter {
    FilterResult decode(Message m) override { return m; }
    FilterResult encode(Message m) override {
      if (m.view() == "throw") throw std::runtime_error{"as it was told to"};
      return m;
    }
  };
  int count = 0;
  with_server(
      {},
      [&](Server& server) {
        server.filter([] { return std::make_unique<Throwing>(); });
        server.filter([&] { return std::make_unique<Counting>(count); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await becomes([&] { return server.peers().size() == 1; });
        const Peer to = server.peers()[0];
        EXPECT_EQ(to.post("well"), error_code{});
        EXPECT_EQ(to.post("throw"), error::message_refused);
        EXPECT_THAT(to.last_error(), HasSubstr("a hook or filter threw: as it was told to"));
        EXPECT_EQ(count, 1);
      });
}

/// For one that builds each message on those before it.
class NeedsAll final : public Filter {
 public:
  FilterResult decode(Message m) override { return m; }
  FilterResult encode(Message m) override { return m; }
  [[nodiscard]] bool needs_every_message() const override { return true; }
};

TEST(AFilter, may_not_drop_what_one_behind_it_builds_on) {
  for (const bool is_of_a_kind : {false, true}) {
    std::vector<std::string> errors;
    Log handled;
    with_server(
        {},
        [&](Server& server) {
          const MakeFilter needs_all = [] { return std::make_unique<NeedsAll>(); };
          server.filter(letter('x'));
          if (is_of_a_kind) {
            server.classify([](std::string_view) { return "known"; });
            server.filter("known", needs_all);
          } else {
            server.filter(needs_all);
          }
          server.on_message([&](const Message& m) { handled(m.text()); });
          server.on_error([&](const Cause& why) {
            EXPECT_EQ(why.code, error::malformed);
            errors.push_back(why.sentence);
          });
        },
        [&](Server& server, Endpoint at) -> asio::awaitable<void> {
          Connection peer = co_await connect(at);
          for (const char* const text : {"onex", "drop", "twox"}) co_await peer.send(text);
          (void)co_await error_of(peer.receive(hang_bound));
          co_await becomes([&] { return server.peers().empty(); });
        });
    EXPECT_THAT(handled.words(), ElementsAre("one"));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors[0], HasSubstr("a filter dropped a message that the next ones build on: told to (tcp://"));
  }
}

TEST(AFilter, of_a_kind_may_not_find_that_something_was_dropped_before_it) {
  std::vector<error_code> errors;
  with_server(
      {},
      [&](Server& server) {
        server.filter(letter('x'));
        server.classify([](std::string_view) { return "known"; });
        server.filter("known", [] { return std::make_unique<NeedsAll>(); });
        server.on_message("known", [](const Message&) { ADD_FAILURE(); });
        server.on_error([&](const Cause& why) { errors.push_back(why.code); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        for (const char* const text : {"drop", "onex"}) co_await peer.send(text);
        (void)co_await error_of(peer.receive(hang_bound));
        co_await becomes([&] { return server.peers().empty(); });
      });
  EXPECT_THAT(errors, ElementsAre(error_code{error::message_refused}, error_code{error::malformed}));
}

TEST(AFilter, that_sends_is_refused_and_does_not_hang) {
  struct Sending final : Filter {
    explicit Sending(Server& server_) : server{server_} {}
    FilterResult decode(Message m) override {
      (void)server.broadcast("from a filter");
      return m;
    }
    FilterResult encode(Message m) override { return m; }
    Server& server;
  };
  std::vector<std::string> errors;
  with_server(
      {},
      [&](Server& server) {
        server.filter([&] { return std::make_unique<Sending>(server); });
        server.on_message([](const Message&) {});
        server.on_error([&](const Cause& why) { errors.push_back(why.sentence); });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("x");
        (void)co_await error_of(peer.receive(hang_bound));
        co_await becomes([&] { return server.peers().empty(); });
      });
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], HasSubstr("must not send any itself"));
}

TEST(AFilter, is_made_with_nothing_of_the_server_locked) {
  std::uint64_t seen = 0;
  with_server(
      {},
      [&](Server& server) {
        std::thread{[&] { (void)server.stats(); }}.join();  // from now on its mutex is one for several threads
        server.filter([&] {
          seen = server.stats().peers_accepted + 1;
          return std::make_unique<Letter>('x');
        });
        server.on_message([](std::string text) { return text; });
      },
      [&](Server&, Endpoint at) -> asio::awaitable<void> {
        Connection peer = co_await connect(at);
        co_await peer.send("onex");
        EXPECT_EQ((co_await peer.receive(hang_bound)).view(), "onex");
      });
  EXPECT_EQ(seen, 1U);
}

TEST(AFilter, that_cannot_be_made_turns_its_peer_away_and_nobody_else) {
  int made = 0;
  with_server(
      {},
      [&](Server& server) {
        server.filter([&]() -> std::unique_ptr<Filter> {
          switch (++made) {
            case 1: throw std::runtime_error{"no memory for it"};
            case 2: throw 7;
            case 3: return nullptr;
            default: return std::make_unique<Letter>('x');
          }
        });
        server.on_message([](std::string text) { return text; });
      },
      [&](Server& server, Endpoint at) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
          Connection refused = co_await connect(at);
          (void)co_await error_of(refused.receive(hang_bound));
        }
        Connection peer = co_await connect(at);
        co_await peer.send("onex");
        EXPECT_EQ((co_await peer.receive(hang_bound)).view(), "onex");
        EXPECT_EQ(server.stats().peers_refused, 3U);
      });
}

}  // namespace
}  // namespace parley::app::hooks_test
