// Servers and clients with event loops of their own: run(), several threads, signals; and many peers at once.
#include "support/certificates.hpp"
#include "support/handlers.hpp"

#include <parley/blocking/connection.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace parley::app::threads_test {
namespace {

namespace asio = boost::asio;
using support::any_port;
using support::hang_bound;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

/// Runs a server in a thread while `body(endpoint)` runs in this one.
template <class Body>
void while_running(Server& server, const Endpoint& listen_at, const TransportOptions& transport, Body body) {
  const Endpoint at = server.listen(listen_at, transport);
  std::thread running{[&] { server.run(); }};
  body(at);
  server.request_stop(hang_bound);
  running.join();
}

TEST(AServerOfItsOwn, runs_until_it_is_stopped) {
  Server server;
  std::atomic<int> ended{0};
  server.on_message([](std::string text) { return text; });
  server.on_disconnect([&] { ++ended; });
  while_running(server, any_port, {}, [](const Endpoint& at) {
    blocking::Connection peer{at};
    peer.send("a");
    EXPECT_EQ(peer.receive(hang_bound).view(), "a");
  });
  EXPECT_EQ(ended, 1);
  EXPECT_THROW(server.run(), std::logic_error) << "once only";
}

TEST(AServerOfItsOwn, leaves_peers_that_are_kept_something_to_answer) {
  std::optional<Peer> kept;
  {
    Server server;
    server.on_connect([&](Peer& peer) { kept = peer; });
    server.on_message([](std::string text) { return text; });
    while_running(server, any_port, {}, [](const Endpoint& at) {
      blocking::Connection peer{at};
      peer.send("a");
      EXPECT_EQ(peer.receive(hang_bound).view(), "a");
    });
  }
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->is_connected());
  EXPECT_EQ(kept->post("x"), error::closed);
  EXPECT_EQ(kept->try_send("x"), error::closed);
  kept->disconnect();
  asio::io_context other;
  boost::system::error_code sent;
  bool is_closed = false;
  kept->send("x", asio::bind_executor(other, [&](boost::system::error_code ec) { sent = ec; }));
  kept->close(hang_bound,
              asio::bind_executor(other, [&](boost::system::error_code, CloseReport) { is_closed = true; }));
  other.run();
  EXPECT_EQ(sent, error::closed);
  EXPECT_TRUE(is_closed);
}

TEST(AServerOfItsOwn, deals_its_peers_among_its_threads) {
  constexpr int thread_count = 3;
  Server server;
  server.threads(thread_count);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  server.on_message([&](const Message& m) {
    const std::lock_guard lock{mutex};
    seen.insert(std::this_thread::get_id());
    return m;
  });
  while_running(server, any_port, {}, [](const Endpoint& at) {
    std::vector<blocking::Connection> peers;
    for (int i = 0; i < 2 * thread_count; ++i) peers.emplace_back(at);
    for (int turn = 0; turn < 10; ++turn) {
      for (auto& peer : peers) peer.send("x");
      for (auto& peer : peers) EXPECT_EQ(peer.receive(hang_bound).view(), "x");
    }
  });
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(thread_count));
}

#if PARLEY_HAS_TLS
TEST(AServerOfItsOwn, deals_peers_that_shake_hands) {
  const auto credentials = support::test_authority().issue({.common_name = "server", .names = {"IP:127.0.0.1"}});
  TransportOptions transport;
  transport.tls = TlsContext::server(TlsOptions{}.certificate(credentials.certificate).key(credentials.key));
  Server server;
  server.threads(3);
  server.on_message([](const Message& m) { return m; });
  while_running(server, "tls://127.0.0.1:0", transport, [](const Endpoint& at) {
    ConnectOptions options;
    options.tls(TlsContext::client(TlsOptions{}.ca(support::test_authority().certificate())));
    std::vector<std::future<void>> talks;
    for (int i = 0; i < 7; ++i) {
      talks.push_back(std::async(std::launch::async, [&] {
        blocking::Connection peer{at, options};
        peer.send("x");
        EXPECT_EQ(peer.receive(hang_bound).view(), "x");
      }));
    }
    for (auto& talk : talks) talk.get();
  });
}
#endif

TEST(AServerOfItsOwn, one_loop_that_a_handler_blocks_delays_no_other) {
  Server server;
  server.threads(2);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> blocked;
  server.on_message([&](std::string text) {
    if (text == "block") {
      blocked.set_value();
      released.wait();
    }
    return text;
  });
  while_running(server, any_port, {}, [&](const Endpoint& at) {
    blocking::Connection first{at};
    blocking::Connection second{at};
    first.send("hello");
    EXPECT_EQ(first.receive(hang_bound).view(), "hello");
    second.send("hello");
    EXPECT_EQ(second.receive(hang_bound).view(), "hello");
    first.send("block");
    blocked.get_future().wait();
    second.send("still here");
    EXPECT_EQ(second.receive(hang_bound).view(), "still here");
    release.set_value();
    EXPECT_EQ(first.receive(hang_bound).view(), "block");
  });
}

TEST(AServerOfItsOwn, is_used_by_any_thread_at_any_time) {
  Server server{{.history_count_max = 4}};
  server.threads(2);
  server.classify([](std::string_view first) { return first.substr(0, 1); });
  server.before_send([](Message m) { return m; });
  server.on_message([](Peer& peer, std::string text) -> asio::awaitable<std::string> {
    ++peer.state<int>();
    co_return text;
  });
  server.on_message("p", [](const Message&) {});
  server.on_idle(1ms, [](Peer& peer) { peer.post("idle"); });
  std::atomic<bool> over{false};
  std::thread meddling{[&] {
    while (!over) {
      server.broadcast("all");
      for (const Peer& peer : server.peers()) {
        peer.post("you");
        (void)peer.history();
        (void)peer.to_string();
        (void)peer.is_connected();
        (void)peer.first_message();
      }
      (void)server.stats();
    }
  }};
  while_running(server, any_port, {}, [](const Endpoint& at) {
    std::vector<std::future<void>> talks;
    for (int i = 0; i < 4; ++i) {
      talks.push_back(std::async(std::launch::async, [&] {
        for (int round = 0; round < 5; ++round) {
          blocking::Connection peer{at};
          for (int m = 0; m < 20; ++m) peer.send("p" + std::to_string(m));
          for (int m = 0; m < 20;) {
            if (peer.receive(hang_bound).view() == "p" + std::to_string(m)) ++m;
          }
        }
      }));
    }
    for (auto& talk : talks) talk.get();
  });
  over = true;
  meddling.join();
  EXPECT_EQ(server.stats().messages_received, 400U);
}

TEST(AServerOfItsOwn, throws_what_does_not_fit_when_it_starts) {
  Server server;
  server.on_message("panel", [](const Message&) {});
  EXPECT_THROW(server.run(), std::invalid_argument);
  asio::io_context context;
  Server given{context};
  EXPECT_THROW(given.threads(2), std::logic_error);
  EXPECT_THROW(given.run(), std::logic_error);
  EXPECT_THROW(Server{}.threads(0), std::invalid_argument);
  EXPECT_THROW(Server{}.start(), std::logic_error);
  EXPECT_THROW(Server{ServerOptions{.peers_max = 0}}, std::invalid_argument);
  EXPECT_THROW(Server{ServerOptions{.held_count_max = 0}}, std::invalid_argument);
}

TEST(AServerOfItsOwn, throws_what_leaves_a_function_that_was_posted_to_it) {
  Server server;
  server.threads(2);
  (void)server.listen(any_port);
  asio::post(server.get_executor(), [] { throw std::runtime_error{"posted"}; });
  EXPECT_THROW(server.run(), std::runtime_error);
}

TEST(AServerOfItsOwn, stops_at_a_signal) {
  Server server;
  std::promise<void> is_up;
  server.on_connect([&] { is_up.set_value(); });
  server.on_message([](const Message& m) { return m; });
  const Endpoint at = server.listen(any_port);
  std::thread running{[&] { server.run(); }};
  blocking::Connection peer{at};
  is_up.get_future().wait();
  ASSERT_EQ(std::raise(SIGTERM), 0);
  running.join();
  EXPECT_THROW((void)peer.receive(hang_bound), Error);
}

TEST(AClientOfItsOwn, runs_until_it_is_disconnected) {
  Server server;
  server.on_message([](const Message& m) { return m; });
  while_running(server, any_port, {}, [](const Endpoint& at) {
    std::vector<std::string> received;
    Client client;
    client.on_connect([](Peer& peer) { peer.post("hello"); });
    client.on_message([&](Peer& peer, std::string text) {
      received.push_back(text);
      peer.disconnect();
    });
    client.dial(at);
    client.run();
    EXPECT_THAT(received, ElementsAre("hello"));
  });
}

TEST(AClientOfItsOwn, returns_at_once_with_nothing_to_do) {
  Client client;
  client.run();
}

}  // namespace
}  // namespace parley::app::threads_test
