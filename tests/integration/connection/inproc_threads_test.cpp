// In-process connections whose ends live in different threads, each with a loop of its own: nothing is lost, nothing
// waits for ever, and either end may go at any moment.
#include "connection/state.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

/// A context and the thread that runs it.
class Loop {
 public:
  ~Loop() {
    work_.reset();
    context.stop();
    thread_.join();
  }

  /// The end of a coroutine that is started here.
  template <class Coroutine>
  std::future<void> start(Coroutine coroutine) {
    return asio::co_spawn(context, std::move(coroutine), asio::use_future);
  }

  asio::io_context context;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{context.get_executor()};
  std::thread thread_{[this] { context.run(); }};
};

void expect_end(std::future<void>& task, const std::string& what) {
  ASSERT_EQ(task.wait_for(support::hang_bound), std::future_status::ready) << what << " hangs";
  EXPECT_NO_THROW(task.get()) << what;
}

struct Ends {
  Connection client;
  Connection server;
};

/// Their marks are the same.
Ends connect_ends(Loop& here, Loop& there, const ConnectionOptions& options) {
  Listener listener{there.context, "inproc://tests-of-threads", {.connection = options}};
  auto in = listener.accept(asio::use_future);
  auto out = connect(here.context.get_executor(), listener.local_endpoint(), ConnectOptions{}.connection(options),
                     asio::use_future);
  return {out.get(), in.get()};
}

asio::awaitable<void> send_all(Connection& from, int count, unsigned seed) {
  std::minstd_rand random{seed};
  for (int i = 0; i < count; ++i) {
    const std::string body = std::to_string(i) + std::string(random() % 40, ' ');
    switch (random() % 8) {
      case 0: EXPECT_FALSE(from.post(body)); break;
      case 1:
        if (from.try_send(body)) co_await from.send(body);
        break;
      case 2:
        co_await from.send(body);
        co_await from.flush();
        break;
      default: co_await from.send(body);
    }
  }
}

asio::awaitable<void> receive_all(Connection& at, int count, unsigned seed) {
  std::minstd_rand random{seed};
  int expected = 0;
  const auto see = [&](const Message& message) { EXPECT_EQ(std::stoi(message.text()), expected++); };
  while (expected < count) {
    switch (random() % 3) {
      case 0:
        for (const Message& each : co_await at.receive_batch(1 + random() % 100)) see(each);
        break;
      case 1:
        while (const auto message = at.try_receive()) see(*message);
        break;
      default: see(co_await at.receive());
    }
  }
}

TEST(InprocThreads, floods_both_ways_arrive_in_order_whatever_the_marks) {
  constexpr int count = 10'000;
  constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  struct Marks {
    std::size_t count;
    std::size_t size;
  };
  for (const Marks marks : {Marks{1, unlimited}, Marks{2, unlimited}, Marks{3, 1}, Marks{100, 1000},
                            Marks{unlimited, 50}, Marks{1000, 10'000}, Marks{unlimited, unlimited}}) {
    ConnectionOptions options;
    options.send_high_water_count = marks.count;
    options.send_high_water_size = options.receive_high_water_size = marks.size;
    Loop here, there;
    Ends ends = connect_ends(here, there, options);
    std::vector<std::future<void>> tasks;
    tasks.push_back(here.start([&] { return send_all(ends.client, count, 1); }));
    tasks.push_back(there.start([&] { return send_all(ends.server, count, 2); }));
    tasks.push_back(here.start([&] { return receive_all(ends.client, count, 3); }));
    tasks.push_back(there.start([&] { return receive_all(ends.server, count, 4); }));
    for (std::future<void>& each : tasks) {
      ASSERT_NO_FATAL_FAILURE(
          expect_end(each, "with marks " + std::to_string(marks.count) + ", " + std::to_string(marks.size)));
    }
  }
}

TEST(InprocThreads, a_receiver_that_stops_at_half_of_the_mark_has_let_the_sender_go_on) {
  ConnectionOptions options;
  options.send_high_water_count = 10;
  Loop here, there;
  Ends ends = connect_ends(here, there, options);
  for (int round = 0; round < 3'000; ++round) {
    std::promise<error_code> sent;
    asio::post(here.context, [&] {
      for (int i = 0; i < 10; ++i) EXPECT_FALSE(ends.client.try_send("x"));
      ends.client.send("the eleventh", [&](error_code ec) { sent.set_value(ec); });
    });
    const auto give_up = Clock::now() + support::hang_bound;
    const auto take = [&](int count) {
      while (count > 0 && Clock::now() < give_up) count -= ends.server.try_receive() ? 1 : 0;
      return count == 0;
    };
    ASSERT_TRUE(take(5));
    std::future<error_code> result = sent.get_future();
    ASSERT_EQ(result.wait_for(support::hang_bound), std::future_status::ready) << round;
    EXPECT_EQ(result.get(), error_code{});
    ASSERT_TRUE(take(6));
  }
}

/// Sends numbers until nobody takes them any more, or there are `count`.
asio::awaitable<void> send_numbers(Connection& from, int count, int& sent) {
  try {
    for (; sent < count; ++sent) co_await from.send(std::to_string(sent));
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == error::closed || error.code() == asio::error::operation_aborted) << error.what();
  }
}

/// Numbers in order to the end.
asio::awaitable<void> receive_numbers(Connection& at, int& received, std::atomic<int>& seen) {
  while (const auto message = co_await at.next()) {
    EXPECT_EQ(std::stoi(message->text()), received++);
    seen = received;
  }
}

TEST(InprocThreads, all_that_was_sent_arrives_however_the_sender_goes) {
  std::minstd_rand random{5};
  for (int round = 0; round < 600; ++round) {
    Loop there;
    auto here = std::make_unique<Loop>();
    Ends ends = connect_ends(*here, there, {});
    const int count = static_cast<int>(random() % 300);
    int sent = 0;
    int received = 0;
    std::atomic<int> seen = 0;
    auto receiving = there.start([&] { return receive_numbers(ends.server, received, seen); });
    auto sending = here->start([&]() -> asio::awaitable<void> {
      co_await send_numbers(ends.client, count, sent);
      switch (round % 4) {
        case 0: EXPECT_TRUE((co_await ends.client.close()).all_arrived()); break;
        case 1: ends.client.abort(); break;
        case 2: ends.client = {}; break;
        default: break;  // with its context
      }
    });
    ASSERT_NO_FATAL_FAILURE(expect_end(sending, "sending"));
    here.reset();
    ASSERT_NO_FATAL_FAILURE(expect_end(receiving, "receiving"));
    EXPECT_EQ(received, count) << round;
  }
}

TEST(InprocThreads, a_receiver_may_go_at_any_moment) {
  std::minstd_rand random{6};
  ConnectionOptions options;
  options.send_high_water_count = 50;
  for (int round = 0; round < 600; ++round) {
    auto there = std::make_unique<Loop>();
    Loop here;
    Ends ends = connect_ends(here, *there, options);
    const int enough = static_cast<int>(random() % 500);
    int sent = 0;
    int received = 0;
    std::atomic<int> seen = 0;
    auto sending = here.start([&] { return send_numbers(ends.client, std::numeric_limits<int>::max(), sent); });
    auto receiving = there->start([&] { return receive_numbers(ends.server, received, seen); });
    const auto give_up = Clock::now() + support::hang_bound;
    while (seen < enough && Clock::now() < give_up) std::this_thread::yield();
    switch (round % 4) {
      case 0: ends.server.abort(); break;
      case 1: detail::ConnectionAccess::state(ends.server)->end_receiving(); break;
      case 2: EXPECT_TRUE(ends.server.close(std::chrono::seconds{1}, asio::use_future).get().all_arrived()); break;
      default: there.reset();
    }
    ASSERT_NO_FATAL_FAILURE(expect_end(sending, "sending"));
    there.reset();
    EXPECT_GE(received, enough);
  }
}

}  // namespace
}  // namespace parley
