#pragma once

#include "bench/common/process.hpp"
#include "bench/parley_bench/socket/latency.hpp"
#include "bench/parley_bench/socket/throughput.hpp"

#include <atomic>
#include <future>

namespace bench::sockets {

/// Runs `serve(socket)` with a bound Socket on this thread and `talk(socket)` with a connecting one on another, each
/// with an event loop of its own.
template <class Serve, class Talk>
void run_both(const Options& o, Serve serve, Talk talk) {
  asio::io_context server_io{1}, client_io{1};
  parley::Socket server{server_io.get_executor(), socket_options(o)};
  parley::Socket client{client_io.get_executor(), socket_options(o)};
  std::atomic<int> at_work{2};
  const auto done = [&] {  // what one has sent last, the other still has to get
    if (--at_work > 0) return;
    server_io.stop();
    client_io.stop();
  };
  const auto serving = [&]() -> asio::awaitable<void> {
    co_await bind(server, o);
    co_await serve(server);
    done();
  };
  const auto talking = [&]() -> asio::awaitable<void> {
    co_await connect(client, o);
    co_await talk(client);
    done();
  };
  auto other = std::async(std::launch::async, [&] {
    if (o.pin) pin_to_cpu(o.pin->second);
    start(client_io, talking());
    messages::run(client_io, o);
  });
  if (o.pin) pin_to_cpu(o.pin->first);
  try {
    start(server_io, serving());
    messages::run(server_io, o);
  } catch (...) {
    client_io.stop();
    other.get();  // what went wrong there is the cause
    throw;
  }
  other.get();
}

inline void inproc_throughput(const Options& o) {
  run_both(
      o, [&](parley::Socket& socket) { return receive_run(socket, o); },
      [&](parley::Socket& socket) -> asio::awaitable<void> {
        Window window;
        co_await send_run(socket, o, window);
      });
}

inline void inproc_latency(const Options& o) {
  run_both(
      o,
      [&](parley::Socket& socket) -> asio::awaitable<void> {
        Window window;
        co_await echo_run(socket, o, window);
      },
      [&](parley::Socket& socket) { return ping_run(socket, o); });
}

}  // namespace bench::sockets
