// Many proxies for availability: producers and workers are connected to all of them, and as long as one lives, work
// goes on. Two of three are killed here, one after the other, each in the middle of the work, and nothing is lost.

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
#include <cstddef>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

using Endpoints = std::vector<parley::Endpoint>;
using Texts = std::vector<std::string>;

constexpr std::size_t proxy_count = 3;

/// Each message goes to one of the proxies, in turn; what a proxy dies with is sent again to another.
asio::awaitable<void> produce(Endpoints proxies, Texts texts, int& producers_gone) {
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  parley::Socket socket{co_await asio::this_coro::executor, options};
  for (const parley::Endpoint& proxy : proxies) socket.connect(proxy);
  co_await socket.wait_for_peers(proxy_count, 20s);
  for (const std::string& text : texts) co_await socket.send(text);
  const parley::SocketCloseReport left = co_await socket.close(20s);
  check(left.all_arrived(), "everything has been acknowledged");
  ++producers_gone;
}

/// Takes what comes from any of the proxies.
asio::awaitable<void> work(Endpoints proxies, std::set<std::string>& done) {
  parley::SocketOptions options;
  options.acknowledge = parley::Acknowledge::by_application;
  parley::Socket socket{co_await asio::this_coro::executor, options};
  for (const parley::Endpoint& proxy : proxies) socket.connect(proxy);
  asio::steady_timer timer{socket.get_executor()};
  for (;;) {
    const parley::Received received = co_await socket.receive();
    timer.expires_after(1ms);  // as if it were work
    co_await timer.async_wait(asio::use_awaitable);
    done.insert(received.text());
    received.acknowledge();
  }
}

Texts random_texts(int count) {
  std::mt19937_64 random{std::random_device{}()};
  Texts texts;
  while (count-- > 0) texts.push_back(std::to_string(random()));
  return texts;
}

asio::awaitable<void> recipe() {
  const auto executor = co_await asio::this_coro::executor;
  // Elsewhere these are machines.
  Endpoints fronts;
  Endpoints backs;
  std::vector<Process> proxies;
  for (std::size_t i = 0; i < proxy_count; ++i) {
    const std::string name = "unix://@parley-recipe-" + std::to_string(getpid()) + "-" + std::to_string(i);
    fronts.emplace_back(name + "-front");
    backs.emplace_back(name + "-back");
    proxies.emplace_back("proxy", fronts[i].serialize(), backs[i].serialize());
  }

  const Texts texts = random_texts(800);
  const Texts first_half{texts.begin(), texts.begin() + 400};
  const Texts second_half{texts.begin() + 400, texts.end()};
  std::set<std::string> done;
  int producers_gone = 0;
  for (int i = 0; i < 2; ++i) asio::co_spawn(executor, work(backs, done), rethrow);
  asio::co_spawn(executor, produce(fronts, first_half, producers_gone), rethrow);
  asio::co_spawn(executor, produce(fronts, second_half, producers_gone), rethrow);

  for (std::size_t count = 200; count <= 400; count += 200) {
    co_await until([&] { return done.size() >= count; }, "the work goes on");
    check(done.size() < 800, "and is not done yet");
    proxies.pop_back();
    std::cout << "a proxy is killed, when " << done.size() << " messages have been dealt with" << std::endl;
  }
  co_await until([&] { return producers_gone == 2; }, "all is acknowledged");
  check(done == std::set<std::string>(texts.begin(), texts.end()), "every message arrived, and nothing else");
  std::cout << "all 800 messages have been dealt with" << std::endl;
}

int main(int argc, char** argv) {
  asio::io_context context;
  const auto stop = [&](const std::exception_ptr& thrown) {
    context.stop();  // the workers would wait for more
    rethrow(thrown);
  };
  asio::co_spawn(context, argc > 3 ? run_proxy(argv[2], argv[3]) : recipe(), stop);
  context.run();
}
