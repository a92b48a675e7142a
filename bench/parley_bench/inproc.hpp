#pragma once

#include "bench/common/process.hpp"
#include "bench/parley_bench/latency.hpp"
#include "bench/parley_bench/throughput.hpp"

#include <future>

namespace bench::messages {

/// Runs `serve(listener)` on this thread and `talk()` on another, each with an event loop of its own.
template <class Serve, class Talk>
void run_both(const Options& o, Serve serve, Talk talk) {
  asio::io_context server_io{1}, client_io{1};
  parley::Listener listener = listen_on(server_io, o);
  auto client = std::async(std::launch::async, [&] {
    if (o.pin) pin_to_cpu(o.pin->second);
    start(client_io, talk());
    run(client_io, o);
  });
  if (o.pin) pin_to_cpu(o.pin->first);
  try {
    start(server_io, serve(listener));
    run(server_io, o);
  } catch (...) {
    client_io.stop();
    client.get();  // what went wrong there is the cause
    throw;
  }
  client.get();
}

inline void inproc_throughput(const Options& o) {
  run_both(
      o, [&](parley::Listener& listener) { return throughput_server(listener, o); },
      [&]() -> asio::awaitable<void> {
        parley::Connection peer = co_await connect_to(o);
        Window window;
        co_await send_run(peer, o, window);
      });
}

inline void inproc_latency(const Options& o) {
  run_both(
      o,
      [&](parley::Listener& listener) -> asio::awaitable<void> {
        parley::Connection peer = co_await listener.accept();
        Window window;
        co_await echo_run(peer, o, window);
      },
      [&] { return latency_client(o); });
}

}  // namespace bench::messages
