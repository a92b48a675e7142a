#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <cstdint>
#include <utility>

namespace bench::messages {

/// Echoes every message up to E, S and E included. Returns how many D came.
inline asio::awaitable<std::uint64_t> echo_run(parley::Connection& peer, const Options& o, Window& window) {
  OrderCheck check;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    parley::Message m = co_await peer.receive();
    mark = check.accept(m.data(), m.size(), o.size);
    if (mark == Mark::start) window.open();
    co_await peer.send(std::move(m));
  }
  co_await peer.flush();
  co_return check.received();
}

inline asio::awaitable<void> latency_server(parley::Listener& listener, const Options& o) {
  parley::Connection peer = co_await listener.accept();
  Window window;
  const std::uint64_t served = co_await echo_run(peer, o, window);
  wait_for_line();
  window.close();
  JsonLine().add("served", served).add_cpu(window).print();
}

inline asio::awaitable<void> latency_client(const Options& o) {
  parley::Connection peer = co_await connect_to(o);
  BodyMaker body(o.size);
  LatencyRun run(o);
  while (const auto next = run.next()) {
    co_await peer.send(body.make(next->mark, next->count));
    const parley::Message echo = co_await peer.receive();
    run.echoed(echo.data(), echo.size());
  }
  run.report();
}

}  // namespace bench::messages
