// A message of 64 bytes costs no allocation on the steady path, at either end.
#include "support/connection_results.hpp"
#include "support/count_allocations.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace parley {
namespace {

namespace asio = boost::asio;

constexpr double allocations_per_message_max = 0.01;

struct Where {
  std::string scheme;
  bool two_threads;
};
std::ostream& operator<<(std::ostream& out, const Where& where) { return out << where.scheme; }

/// Two connected ends, in one thread or each in its own with its own context.
class Allocations : public ::testing::TestWithParam<Where> {
 protected:
  Endpoint endpoint() const {
    if (GetParam().scheme == "tcp") return Endpoint{"tcp://127.0.0.1:0"};
    if (GetParam().scheme == "unix") return Endpoint{"unix://" + folder.file("socket")};
    return Endpoint{"inproc://tests-of-allocations"};
  }

  /// Runs both coroutines to their end.
  template <class Serving, class Asking>
  void run(Serving serving, Asking asking) {
    asio::io_context other;
    asio::io_context& server_context = GetParam().two_threads ? other : context;
    Listener listener{server_context, endpoint()};
    asio::co_spawn(
        server_context, [&]() -> asio::awaitable<void> { co_await serving(co_await listener.accept()); },
        [&](std::exception_ptr thrown) { EXPECT_FALSE(thrown); });
    bool ended = false;
    asio::steady_timer hang{context, support::hang_bound};
    hang.async_wait([&](boost::system::error_code ec) {
      if (ec) return;
      context.stop();
      other.stop();
    });
    asio::co_spawn(
        context, [&]() -> asio::awaitable<void> { co_await asking(co_await connect(listener.local_endpoint())); },
        [&](std::exception_ptr thrown) {
          ended = thrown == nullptr;
          hang.cancel();
        });
    std::thread thread;
    if (GetParam().two_threads) thread = std::thread{[&] { other.run(); }};
    // Not run_for or run_one: Asio keeps the memory it uses again for the length of one run.
    context.run();
    if (thread.joinable()) thread.join();
    EXPECT_TRUE(ended);
  }

  support::TemporaryFolder folder;
  asio::io_context context;
};

TEST_P(Allocations, one_way_there_are_none_per_message) {
  constexpr int warm_up = 50'000;
  constexpr int count = 200'000;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  run(
      [&](Connection peer) -> asio::awaitable<void> {
        for (int i = 0; i < warm_up; ++i) co_await peer.receive();
        before = support::allocation_count();
        for (int i = 0; i < count; ++i) co_await peer.receive();
        after = support::allocation_count();
        co_await peer.send("done");
        co_await peer.close(std::chrono::seconds{5});
      },
      [&](Connection self) -> asio::awaitable<void> {
        const Message body{std::string(64, 'x')};
        for (int i = 0; i < warm_up + count; ++i) co_await self.send(body);
        co_await self.receive();
      });
  if (support::allocations_are_counted) {
    EXPECT_LT(static_cast<double>(after - before) / count, allocations_per_message_max);
  }
}

TEST(AllocationsOfMessages, made_and_dropped_one_by_one_there_are_none_for_bodies_of_some_kib) {
  for (const std::size_t size : {1000U, 1024U, 4096U, 8192U}) {
    const std::string body(size, 'x');
    { const Message first{std::string_view{body}}; }
    const std::uint64_t before = support::allocation_count();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(Message{std::string_view{body}}.size(), size);
    if (support::allocations_are_counted) {
      EXPECT_EQ(support::allocation_count() - before, 0U);
    }
  }
}

/// Not between threads of one process: there each message wakes the other thread, by a post for which Asio takes memory
/// of this thread's and gives it back to the other's.
class AllocationsThereAndBack : public Allocations {};

TEST_P(AllocationsThereAndBack, are_none_per_message) {
  constexpr int warm_up = 1'000;
  constexpr int count = 5'000;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  run(
      [&](Connection peer) -> asio::awaitable<void> {
        while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
      },
      [&](Connection self) -> asio::awaitable<void> {
        const Message body{std::string(64, 'x')};
        for (int i = 0; i < warm_up + count; ++i) {
          if (i == warm_up) before = support::allocation_count();
          co_await self.send(body);
          co_await self.receive();
        }
        after = support::allocation_count();
      });
  if (support::allocations_are_counted) {
    EXPECT_LT(static_cast<double>(after - before) / (2 * count), allocations_per_message_max);
  }
}

std::string name_of(const ::testing::TestParamInfo<Where>& test) {
  return test.param.scheme + (test.param.two_threads ? "_two_threads" : "_one_thread");
}

INSTANTIATE_TEST_SUITE_P(All, Allocations,
                         ::testing::Values(Where{"tcp", false}, Where{"tcp", true}, Where{"unix", false},
                                           Where{"unix", true}, Where{"inproc", false}, Where{"inproc", true}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, AllocationsThereAndBack,
                         ::testing::Values(Where{"tcp", false}, Where{"tcp", true}, Where{"unix", false},
                                           Where{"unix", true}, Where{"inproc", false}),
                         name_of);

}  // namespace
}  // namespace parley
