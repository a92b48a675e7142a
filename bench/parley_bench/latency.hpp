#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

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

inline asio::awaitable<void> receive_without_end(parley::Connection peer) {
  while (auto m = co_await peer.next()) m.reset();
}

inline asio::awaitable<void> send_without_end(parley::Connection peer) {
  for (BodyMaker body(64 * 1024);;) co_await peer.send(body.make(Mark::data, 0));
}

inline asio::awaitable<void> latency_server(parley::Listener& listener, const Options& o) {
  parley::Connection peer = co_await listener.accept();
  if (is_beside_much(o)) {
    parley::Connection other = co_await listener.accept();
    asio::co_spawn(listener.get_executor(), receive_without_end(std::move(other)), asio::detached);
  }
  Window window;
  const std::uint64_t served = co_await echo_run(peer, o, window);
  wait_for_line();
  window.close();
  JsonLine().add("served", served).add_cpu(window).print();
}

inline asio::awaitable<void> latency_client(const Options& o) {
  parley::Connection peer = co_await connect_to(o);
  if (is_beside_much(o)) {
    parley::Connection other = co_await connect_to(o);
    asio::co_spawn(co_await asio::this_coro::executor, send_without_end(std::move(other)), asio::detached);
  }
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
