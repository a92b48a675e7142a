// Publish to all: what a socket in publish mode sends goes to every peer that is connected at that moment.
//
// Who is there gets everything, in order. Who comes late has missed what went before, and nothing of what follows.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/operators.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <random>
#include <span>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Quote {
  int number;
  std::uint64_t price;
};
BOOST_DESCRIBE_STRUCT(Quote, (), (number, price))
using boost::describe::operators::operator==;

constexpr int last_number = 999;

/// Hears what is published, up to the last.
asio::awaitable<void> subscribe(parley::Endpoint publisher, std::vector<Quote>& heard) {
  parley::Socket socket{co_await asio::this_coro::executor};
  socket.connect(publisher);  // also while nobody is there, and again whenever the connection is lost
  do {
    const auto received = co_await socket.receive_as<Quote>(parley::Json{}, 20s);
    heard.push_back(received.value);
  } while (heard.back().number != last_number);
}

asio::awaitable<void> publish(parley::Socket& publisher, std::span<const Quote> quotes) {
  for (const Quote& quote : quotes) co_await publisher.send(quote, parley::Json{});
}

asio::awaitable<void> recipe(std::span<const Quote> quotes, std::span<std::vector<Quote>> heard) {
  const auto executor = co_await asio::this_coro::executor;
  parley::Socket publisher{executor, {.send_mode = parley::SendMode::publish}};
  const parley::Endpoint at = co_await publisher.bind("tcp://127.0.0.1:0");

  for (std::size_t i = 0; i < 3; ++i) asio::co_spawn(executor, subscribe(at, heard[i]), rethrow);
  co_await publisher.wait_for_peers(3, 20s);
  co_await publish(publisher, quotes.first(500));

  asio::co_spawn(executor, subscribe(at, heard[3]), rethrow);
  co_await publisher.wait_for_peers(4, 20s);
  co_await publish(publisher, quotes.subspan(500));

  const parley::SocketCloseReport left = co_await publisher.close(20s);
  check(left.all_arrived(), "everything has been sent");
  check(publisher.stats().messages_dropped == 0, "nobody was too slow");
}

std::vector<Quote> random_quotes() {
  std::mt19937_64 random{std::random_device{}()};
  std::vector<Quote> quotes;
  for (int number = 0; number <= last_number; ++number) quotes.push_back({number, random()});
  return quotes;
}

int main() {
  const std::vector<Quote> quotes = random_quotes();
  std::array<std::vector<Quote>, 4> heard;
  asio::io_context context;
  asio::co_spawn(context, recipe(quotes, heard), rethrow);
  context.run();

  for (const auto& each : heard) std::cout << "a subscriber heard " << each.size() << " quotes\n";
  for (int i = 0; i < 3; ++i) check(heard[i] == quotes, "who was there heard everything, in order");
  const std::vector<Quote> second_half{quotes.begin() + 500, quotes.end()};
  check(heard[3] == second_half, "who came late heard everything from then on");
}
