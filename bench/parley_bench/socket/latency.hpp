#pragma once

#include "bench/common/latency.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <cstdint>
#include <utility>

namespace bench::sockets {

using messages::BodyMaker;

/// Answers whoever has sent, up to E, S and E included. Returns how many D came.
inline asio::awaitable<std::uint64_t> echo_run(parley::Socket& socket, const Options& o, Window& window) {
  OrderCheck check;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    parley::Received r = co_await socket.receive();
    mark = check.accept(r.message.data(), r.message.size(), o.size);
    if (mark == Mark::start) window.open();
    co_await socket.send_to(r.sender, std::move(r.message));
  }
  co_return check.received();
}

inline asio::awaitable<void> latency_server(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await bind(socket, o);
  Window window;
  const std::uint64_t served = co_await echo_run(socket, o, window);
  co_await line_comes();
  window.close();
  JsonLine().add("served", served).add_cpu(window).print();
}

inline asio::awaitable<void> ping_run(parley::Socket& socket, const Options& o) {
  BodyMaker body(o.size);
  LatencyRun run(o);
  while (const auto next = run.next()) {
    co_await socket.send(body.make(next->mark, next->count));
    const parley::Received echo = co_await socket.receive();
    run.echoed(echo.message.data(), echo.message.size());
  }
  run.report();
}

inline asio::awaitable<void> latency_client(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await connect(socket, o);
  co_await ping_run(socket, o);
}

}  // namespace bench::sockets
