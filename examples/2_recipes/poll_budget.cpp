// The poll budget: latency bought with CPU time.
//
// A thread that sleeps in the kernel takes tens of microseconds to wake. parley::run() can look for work that long
// before it sleeps. While it looks it burns its core, so it is off unless asked for. This prints the time of a round
// trip without and with a budget; what you see depends on the machine, so nothing is asserted about it. (For real
// figures see bench/compare.)

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int round_trips = 2000;

asio::awaitable<void> echo(parley::Connection peer) {
  while (std::optional<parley::Message> message = co_await peer.next()) co_await peer.send(*message);
}

asio::awaitable<void> ping(parley::Listener& listener) {
  parley::Connection connection = co_await parley::connect(listener.local_endpoint());
  for (int i = 0; i < round_trips; ++i) {
    co_await connection.send("ping");
    check((co_await connection.receive(10s)) == "ping", "echoed");
  }
  co_await connection.close();
  listener.close();
}

std::chrono::nanoseconds measure(parley::RunOptions how) {
  asio::io_context server_context;
  asio::io_context client_context;
  parley::Listener listener{server_context, "tcp://127.0.0.1:0"};
  asio::co_spawn(server_context, parley::serve(listener, echo), rethrow);
  asio::co_spawn(client_context, ping(listener), rethrow);

  const auto start = parley::Clock::now();
  std::thread server{[&] { parley::run(server_context, how); }};
  parley::run(client_context, how);
  const auto end = parley::Clock::now();
  server.join();
  return (end - start) / round_trips;
}

void print(const char* how, std::chrono::nanoseconds each) {
  std::cout << how << ": " << each.count() / 1000 << " us a round trip\n";
}

int main() {
  print("sleeping at once", measure({}));
  print("polling 50 us before sleeping", measure({.poll = 50us}));
}
