// The blocking facade as programs with threads use it: who may wait, who ends the wait.
#include "integration/blocking/pair.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <signal.h>

namespace parley::blocking {
namespace {

using boost::asio::error::operation_aborted;
using boost::system::error_code;

class BlockingThreads : public Blocking {};
INSTANTIATE_TEST_SUITE_P(, BlockingThreads, every_transport(), name_of);

void echo(Connection peer) {
  while (auto message = peer.next(patience)) peer.send(std::move(*message), patience);
}

template <class Call>
std::future<error_code> in_thread(Call call) {
  return std::async(std::launch::async, [call] { return code_of(call); });
}

/// A call that began after the close sees a closed object.
bool ended_by_close(const error_code& code) { return code == operation_aborted || code == error::closed; }

TEST_P(BlockingThreads, one_sends_while_another_receives) {
  auto [client, server] = connected();
  std::jthread peer{[connection = std::move(server)]() mutable { echo(std::move(connection)); }};
  constexpr int count = 2000;
  std::jthread sender{[&client] {
    for (int i = 0; i < count; ++i) client.send(std::to_string(i), patience);
  }};
  for (int i = 0; i < count; ++i) ASSERT_EQ(client.receive(patience).text(), std::to_string(i));
  sender.join();
  client.close(patience);
}

TEST_P(BlockingThreads, several_senders_send_whole_messages_each_in_its_order) {
  auto [client, server] = connected();
  constexpr int senders = 4;
  constexpr int count = 500;
  std::vector<std::jthread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([sender, &client] {
      // Of sizes that are copied, referenced, and more than the system takes at once.
      for (int i = 0; i < count; ++i) {
        std::string text = std::to_string(sender) + ":" + std::to_string(i) + ":";
        text.resize(i % 100 == 99 ? 300'000 : i % 10 == 9 ? 6'000 : 20, '.');
        client.send(std::move(text), patience);
      }
    });
  }
  std::array<int, senders> next{};
  for (int i = 0; i < senders * count; ++i) {
    const Message message = server.receive(patience);
    const auto sender = static_cast<std::size_t>(message.text()[0] - '0');
    ASSERT_LT(sender, next.size());
    const std::string expected = std::to_string(sender) + ":" + std::to_string(next[sender]++) + ":";
    ASSERT_EQ(message.text().substr(0, expected.size()), expected);
  }
}

TEST_P(BlockingThreads, several_receivers_share_the_messages) {
  auto [client, server] = connected();
  constexpr std::size_t count = 1000;
  std::vector<std::future<std::vector<std::string>>> receivers;
  for (int i = 0; i < 4; ++i) {
    receivers.push_back(std::async(std::launch::async, [&server] {
      std::vector<std::string> got;
      while (auto message = server.next(patience)) got.emplace_back(message->text());
      return got;
    }));
  }
  for (std::size_t i = 0; i < count; ++i) client.send(std::to_string(i), patience);
  client.close(patience);
  std::set<std::string> all;
  std::size_t received = 0;
  for (auto& receiver : receivers) {
    const auto got = receiver.get();
    received += got.size();
    all.insert(got.begin(), got.end());
  }
  EXPECT_EQ(received, count);
  EXPECT_EQ(all.size(), count);
}

TEST_P(BlockingThreads, connections_of_one_listener_are_served_by_a_thread_each) {
  constexpr int peers = 8;
  std::vector<std::jthread> threads;
  std::jthread server{[this, &threads] {
    for (int i = 0; i < peers; ++i) threads.emplace_back(echo, listener_.accept(patience));
  }};
  std::vector<std::jthread> clients;
  for (int i = 0; i < peers; ++i) {
    clients.emplace_back([this, i] {
      Connection client{listener_.local_endpoint()};
      for (int turn = 0; turn < 200; ++turn) {
        const std::string text = std::to_string(i) + ":" + std::to_string(turn);
        client.send(text, patience);
        ASSERT_EQ(client.receive(patience).text(), text);
      }
    });
  }
  server.join();
}

TEST_P(BlockingThreads, a_close_ends_the_waits_of_all_others) {
  auto [client, server] = connected();
  std::vector<std::future<error_code>> ended;
  for (int i = 0; i < 3; ++i) ended.push_back(in_thread([&client] { (void)client.receive(); }));
  client.close(patience);
  for (auto& each : ended) {
    const error_code code = each.get();
    EXPECT_TRUE(ended_by_close(code)) << code.message();
  }
}

TEST_P(BlockingThreads, an_abort_ends_the_wait_of_a_sender) {
  auto [client, server] = connected();
  std::atomic<int> sent = 0;
  auto ended = in_thread([&client, &sent] {
    for (const std::string large(1 << 20, 'x');; ++sent) client.send(large);
  });
  while (sent == 0) std::this_thread::yield();
  client.abort();
  const error_code code = ended.get();
  EXPECT_TRUE(ended_by_close(code)) << code.message();
}

TEST_P(BlockingThreads, closing_a_listener_ends_an_accept_and_leaves_its_connections) {
  auto [client, server] = connected();
  auto ended = in_thread([this] { (void)listener_.accept(); });
  listener_.close();
  const error_code code = ended.get();
  EXPECT_TRUE(ended_by_close(code)) << code.message();
  client.send("still here");
  EXPECT_EQ(server.receive(patience).text(), "still here");
}

TEST_P(BlockingThreads, an_accept_that_timed_out_has_taken_no_connection) {
  EXPECT_EQ(code_of([this] { (void)listener_.accept(moment); }), error::timed_out);
  error_code ec;
  EXPECT_FALSE(listener_.accept(moment, ec));
  EXPECT_EQ(ec, error::timed_out);
  auto [client, server] = connected();
  client.send("hello");
  EXPECT_EQ(server.receive(patience).text(), "hello");
  EXPECT_EQ(listener_.connection_count(), 1u);
}

// A wait without a deadline that nobody wakes would hang here.
TEST_P(BlockingThreads, a_wait_ends_whoever_else_comes_and_goes_in_the_loop) {
  constexpr int rounds = 200;
  for (int round = 0; round < rounds; ++round) {
    auto [client, server] = connected();
    auto other = connected();
    std::jthread waits{[&server] { EXPECT_EQ(server.receive().text(), "for you"); }};
    std::jthread also_waits{[&other] { EXPECT_EQ(other.server.receive().text(), "for you too"); }};
    std::jthread looks{[&other] {
      for (int i = 0; i < 20; ++i) (void)other.server.try_receive();
      (void)code_of([&other] { (void)other.server.receive(at_once); });
    }};
    looks.join();
    client.send("for you");
    other.client.send("for you too");
    if (HasFailure()) return;
  }
}

// --- signals ---------------------------------------------------------------------------------------------------------

std::atomic<int> signals = 0;

TEST_P(BlockingThreads, a_signal_does_not_end_a_wait) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) { ++signals; };  // and no SA_RESTART
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  auto [client, server] = connected();
  signals = 0;
  std::promise<pthread_t> id;
  std::jthread receiver{[&server, &id] {
    id.set_value(pthread_self());
    error_code ec;
    EXPECT_EQ(server.receive(patience, ec).text(), "after the signals") << ec.message();
  }};
  const pthread_t thread = id.get_future().get();
  // Sent again and again, not each once: the thread sanitizer holds one back that comes shortly before the wait.
  while (signals < 50) {
    pthread_kill(thread, SIGUSR1);
    std::this_thread::yield();
  }
  client.send("after the signals");
  receiver.join();
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace parley::blocking
