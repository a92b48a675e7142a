// One socket, several threads.
#include <parley/socket/socket.hpp>

#include "support/run_context.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <array>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Contexts that run in threads of their own until the object goes.
class Loops {
 public:
  explicit Loops(int threads) {
    for (int i = 0; i < threads; ++i) running_.emplace_back([this] { context.run(); });
  }
  ~Loops() {
    work_.reset();
    for (std::thread& each : running_) each.join();
  }
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  asio::io_context context;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{context.get_executor()};
  std::vector<std::thread> running_;
};

constexpr int per_thread = 500;

void send_numbers(Socket& socket, int thread) {
  for (int i = 0; i < per_thread; ++i) {
    socket.send(std::to_string(thread) + ":" + std::to_string(i), asio::use_future).get();
  }
}

/// All of them, and those of each thread in order.
void expect_all(Socket& socket, int threads) {
  std::vector<int> next(static_cast<std::size_t>(threads), 0);
  for (int i = 0; i < threads * per_thread; ++i) {
    const Received r = socket.receive(Deadline{20s}, asio::use_future).get();
    const std::string text = r.text();
    const std::size_t colon = text.find(':');
    int& expected = next.at(std::stoul(text.substr(0, colon)));
    ASSERT_EQ(std::stoi(text.substr(colon + 1)), expected);
    ++expected;
  }
}

TEST(SocketThreads, two_may_send_while_one_receives_and_nothing_is_lost) {
  Loops loops{2};
  SocketOptions options;
  options.send_high_water_count = 100;  // so that they wait for room as well
  Socket a{asio::make_strand(loops.context), options};
  Socket b{asio::make_strand(loops.context), options};
  const Endpoint at = a.bind("tcp://127.0.0.1:0", {}, asio::use_future).get();
  b.connect(at);
  std::vector<std::thread> threads;
  threads.reserve(5);
  for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { send_numbers(b, i); });
  for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { send_numbers(a, i); });  // the same sockets, the other way
  threads.emplace_back([&] { expect_all(a, 2); });
  expect_all(b, 2);
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(b.close(Deadline{5s}, asio::use_future).get().all_arrived());
  a.close(Deadline{5s}, asio::use_future).get();
}

TEST(SocketThreads, sockets_in_one_process_may_live_in_different_threads) {
  Loops here{1};
  Loops there{1};
  Socket a{here.context.get_executor()};
  Socket b{there.context.get_executor()};
  const Endpoint at = a.bind("inproc://tests-of-threads", {}, asio::use_future).get();
  b.connect(at);
  std::thread sender{[&] { send_numbers(b, 0); }};
  expect_all(a, 1);
  sender.join();
  EXPECT_TRUE(b.close(Deadline{5s}, asio::use_future).get().all_arrived());
  a.close(Deadline{5s}, asio::use_future).get();
}

TEST(SocketThreads, destroying_it_while_others_run_its_loop_ends_what_waits) {
  Loops loops{2};
  for (int i = 0; i < 50; ++i) {
    Socket a{asio::make_strand(loops.context)};
    const Endpoint at = a.bind("tcp://127.0.0.1:0", {}, asio::use_future).get();
    std::future<Received> waiting = a.receive(Deadline{}, asio::use_future);
    {
      Socket b{asio::make_strand(loops.context)};
      b.connect(at);
      if (i % 2 == 0) b.try_send("x");
    }
    Socket gone = std::move(a);
    gone = Socket{asio::make_strand(loops.context)};
    try {
      waiting.get();
    } catch (const boost::system::system_error& e) {
      EXPECT_EQ(e.code(), asio::error::operation_aborted);
    }
  }
}

}  // namespace
}  // namespace parley
