// Readings by datagrams: each replaces the last, so none is sent again; and who has lost how many is known.
//
// The collector has a connection for each instrument, by its address. One that has fallen silent ends by itself.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int instruments = 3;
constexpr int readings = 100;

asio::awaitable<void> measure(parley::Endpoint collector, int number) {
  parley::Connection to = co_await parley::connect(collector);
  for (int i = 0; i < readings; ++i) {
    const std::string reading = std::to_string(number) + " " + std::to_string(i);
    co_await to.send(reading);
  }
  co_await to.flush();  // written, which is all that can be known
}

asio::awaitable<void> collect(parley::Listener& listener) {
  int silent = 0;
  int received = 0;
  const auto listen_to = [&](parley::Connection instrument) -> asio::awaitable<void> {
    while (auto reading = co_await instrument.next()) ++received;  // ends when nothing has come for a while
    std::cout << instrument.last_error() << '\n';
    if (++silent == instruments) listener.close();
  };
  co_await parley::serve(listener, listen_to, 1s);
  const auto lost = static_cast<int>(listener.stats().datagrams.lost());
  std::cout << received << " readings received, " << lost << " lost on this machine\n";
  check(received + lost == instruments * readings, "all are accounted for");
}

int main() {
  asio::io_context context;
  parley::ListenerOptions options;
  options.transport.udp.idle_time_max(500ms);  // 60 s unless it is said
  parley::Listener listener{context, "udp://127.0.0.1:0", options};
  asio::co_spawn(context, collect(listener), rethrow);
  for (int i = 0; i < instruments; ++i) asio::co_spawn(context, measure(listener.local_endpoint(), i), rethrow);
  context.run();
}
