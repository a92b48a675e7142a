// A message of 64 bytes costs a socket no allocation on the steady path, whoever it is for.
#include <parley/socket/socket.hpp>

#include "support/count_allocations.hpp"
#include "support/run_context.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr double allocations_per_message_max = 0.01;

struct Setting {
  std::string scheme;
  bool two_threads;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.scheme; }

/// A bound socket and its clients, in one thread or on either side of two, each with its own context.
class SocketAllocations : public ::testing::TestWithParam<Setting> {
 protected:
  Endpoint endpoint() const {
    return GetParam().scheme == "tcp" ? Endpoint{"tcp://127.0.0.1:0"} : Endpoint{"unix://" + folder.file("socket")};
  }

  /// Runs both coroutines to their end; `asking` gets sockets that are connected.
  template <class Serving, class Asking>
  void run(Serving serving, Asking asking, SocketOptions options = {}, std::size_t client_count = 1) {
    asio::io_context server_context;
    asio::io_context other;
    asio::io_context& client_context = GetParam().two_threads ? other : server_context;
    Socket server{server_context.get_executor(), options};
    std::vector<Socket> clients;
    for (std::size_t i = 0; i < client_count; ++i) clients.emplace_back(client_context.get_executor());
    int running = 2;
    asio::steady_timer hang{server_context, support::hang_bound};
    const auto stop_all = [&] {
      server_context.stop();
      other.stop();
    };
    hang.async_wait([&](boost::system::error_code) { stop_all(); });
    std::mutex mutex;
    const auto ended = [&](std::exception_ptr thrown) {
      EXPECT_FALSE(thrown);
      const std::lock_guard lock{mutex};
      if (--running == 0) stop_all();
    };
    const auto connecting = [&](Endpoint at) -> asio::awaitable<void> {
      for (Socket& client : clients) {
        client.connect(at);
        co_await client.wait_for_peers(1, 5s);
      }
      co_await asking(clients);
    };
    asio::co_spawn(
        server_context,
        [&]() -> asio::awaitable<void> {
          const Endpoint at = co_await server.bind(endpoint());
          asio::co_spawn(client_context, connecting(at), ended);
          co_await server.wait_for_peers(client_count, 5s);
          co_await serving(server);
        },
        ended);
    std::thread thread;
    const auto work = asio::make_work_guard(other);
    if (GetParam().two_threads) thread = std::thread{[&] { other.run(); }};
    // Not run_for or run_one: Asio keeps the memory it uses again for the length of one run.
    server_context.run();
    if (thread.joinable()) thread.join();
    EXPECT_EQ(running, 0);
  }

  static void expect_none(std::uint64_t allocations, int message_count) {
    if (support::allocations_are_counted) {
      EXPECT_LT(static_cast<double>(allocations) / message_count, allocations_per_message_max);
    }
  }

  support::TemporaryFolder folder;
};

/// Receives so many; the allocations during those behind the warm-up.
asio::awaitable<std::uint64_t> receive_counting(Socket& socket, int warm_up, int count) {
  for (int i = 0; i < warm_up; ++i) co_await socket.receive();
  const std::uint64_t before = support::allocation_count();
  for (int i = 0; i < count; ++i) co_await socket.receive();
  co_return support::allocation_count() - before;
}

TEST_P(SocketAllocations, one_way_there_are_none_per_message) {
  constexpr int warm_up = 50'000;
  constexpr int count = 200'000;
  std::uint64_t allocations = 0;
  run([&](Socket& server) -> asio::awaitable<void> { allocations = co_await receive_counting(server, warm_up, count); },
      [&](std::vector<Socket>& clients) -> asio::awaitable<void> {
        const Message body{std::string(64, 'x')};
        for (int i = 0; i < warm_up + count; ++i) co_await clients.front().send(body);
      });
  expect_none(allocations, count);
}

TEST_P(SocketAllocations, there_and_back_to_the_sender_there_are_none_per_message) {
  constexpr int warm_up = 1'000;
  constexpr int count = 5'000;
  std::uint64_t allocations = 0;
  run(
      [&](Socket& server) -> asio::awaitable<void> {
        for (int i = 0; i < warm_up + count; ++i) {
          Received r = co_await server.receive();
          co_await server.send_to(r.sender, std::move(r.message));
        }
      },
      [&](std::vector<Socket>& clients) -> asio::awaitable<void> {
        Socket& client = clients.front();
        const Message body{std::string(64, 'x')};
        std::uint64_t before = 0;
        for (int i = 0; i < warm_up + count; ++i) {
          if (i == warm_up) before = support::allocation_count();
          co_await client.send(body);
          co_await client.receive();
        }
        allocations = support::allocation_count() - before;
      });
  expect_none(allocations, 2 * count);
}

TEST_P(SocketAllocations, published_to_several_there_are_none_per_message) {
  constexpr int warm_up = 50'000;
  constexpr int count = 100'000;
  constexpr std::size_t client_count = 4;
  SocketOptions publishing;
  publishing.send_mode = SendMode::publish;
  publishing.overflow = Overflow::wait;
  std::uint64_t allocations = 0;
  run(
      [&](Socket& server) -> asio::awaitable<void> {
        const Message body{std::string(64, 'x')};
        for (int i = 0; i < warm_up + count; ++i) co_await server.send(body);
      },
      [&](std::vector<Socket>& clients) -> asio::awaitable<void> {
        std::size_t running = clients.size();
        for (Socket& client : clients) {
          asio::co_spawn(
              client.get_executor(),
              [&]() -> asio::awaitable<void> {
                allocations = co_await receive_counting(client, warm_up, count);
                --running;
              },
              [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
        }
        asio::steady_timer pause{clients.front().get_executor()};
        while (running > 0) {
          pause.expires_after(1ms);
          co_await pause.async_wait(asio::use_awaitable);
        }
      },
      publishing, client_count);
  expect_none(allocations, count * static_cast<int>(client_count));
}

INSTANTIATE_TEST_SUITE_P(Sockets, SocketAllocations,
                         ::testing::Values(Setting{"tcp", false}, Setting{"tcp", true}, Setting{"unix", false},
                                           Setting{"unix", true}),
                         [](const auto& test) {
                           return test.param.scheme + (test.param.two_threads ? "_two_threads" : "_one_thread");
                         });

}  // namespace
}  // namespace parley
