// Workers and producers that come and go: they know only a proxy (proxy.hpp), which is killed and started again midway.
//
// Whoever leaves, leaves in order: a producer when all it has sent is dealt with, a worker when all it has dealt with
// is acknowledged. The proxy has no manners: it dies with messages in its hands.

#include "../check.hpp"
#include "../process.hpp"
#include "../until.hpp"
#include "proxy.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

struct Tally {
  std::map<std::string, int> times_done;  // of each text
  std::uint64_t resent = 0;
  int producers_gone = 0;
};

/// Sends everything, and goes when all of it has been dealt with.
asio::awaitable<void> produce(parley::Endpoint proxy, Texts texts, Tally& tally) {
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  parley::Socket socket{co_await asio::this_coro::executor, options};
  socket.connect(proxy);
  for (const std::string& text : texts) co_await socket.send(text);
  const parley::SocketCloseReport left = co_await socket.close(20s);
  check(left.all_arrived(), "whatever became of the proxy, everything has been acknowledged");
  tally.resent += socket.stats().messages_resent;
  ++tally.producers_gone;
  std::cout << "a producer goes: all its messages have been dealt with" << std::endl;
}

/// Comes, deals with so many messages, and goes.
asio::awaitable<void> work(parley::Endpoint proxy, int count, Tally& tally) {
  parley::SocketOptions options;
  options.acknowledge = parley::Acknowledge::by_application;
  parley::Socket socket{co_await asio::this_coro::executor, options};
  socket.connect(proxy);
  asio::steady_timer timer{socket.get_executor()};
  while (count-- > 0) {
    const parley::Received received = co_await socket.receive();
    timer.expires_after(1ms);  // as if it were work
    co_await timer.async_wait(asio::use_awaitable);
    ++tally.times_done[received.text()];
    received.acknowledge();
  }
  co_await socket.close(20s);
  std::cout << "a worker goes" << std::endl;
}

Texts random_texts(int count) {
  std::mt19937_64 random{std::random_device{}()};
  Texts texts;
  while (count-- > 0) texts.push_back(std::to_string(random()));
  return texts;
}

asio::awaitable<void> recipe() {
  const auto executor = co_await asio::this_coro::executor;
  // Elsewhere these are two ports of a machine that everybody knows.
  const std::string front = "unix://@parley-recipe-" + std::to_string(getpid()) + "-front";
  const std::string back = "unix://@parley-recipe-" + std::to_string(getpid()) + "-back";
  const Texts first_texts = random_texts(300);
  const Texts second_texts = random_texts(300);
  Tally tally;
  const auto done_count = [&] { return tally.times_done.size(); };

  asio::co_spawn(executor, produce(front, first_texts, tally), rethrow);  // there is no proxy yet, and no worker
  Process proxy{"proxy", front, back};
  asio::co_spawn(executor, work(back, 100, tally), rethrow);
  co_await until([&] { return done_count() >= 50; }, "the first worker works");
  asio::co_spawn(executor, work(back, 1'000'000, tally), rethrow);
  asio::co_spawn(executor, produce(front, second_texts, tally), rethrow);
  co_await until([&] { return done_count() >= 250; }, "the second worker works on, when the first has gone");

  check(done_count() < 600, "there is still something to do");
  std::cout << "the proxy is killed" << std::endl;
  proxy.kill();
  proxy = Process{"proxy", front, back};
  co_await until([&] { return tally.producers_gone == 2; }, "all is acknowledged");

  for (const std::string& text : first_texts) check(tally.times_done.contains(text), "nothing was lost");
  for (const std::string& text : second_texts) check(tally.times_done.contains(text), "nothing was lost");
  check(done_count() == 600, "and nothing came that nobody had sent");
  check(tally.resent > 0, "the proxy had something in its hands when it died");
  int too_often = 0;
  for (const auto& [text, times] : tally.times_done) too_often += times - 1;
  std::cout << "of 600 messages " << tally.resent << " were sent again, and " << too_often << " dealt with twice\n";
}

int main(int argc, char** argv) {
  asio::io_context context;
  const auto stop = [&](const std::exception_ptr& thrown) {
    context.stop();  // the last worker would wait for more
    rethrow(thrown);
  };
  asio::co_spawn(context, argc > 3 ? run_proxy(argv[2], argv[3]) : recipe(), stop);
  context.run();
}
