#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/drivers/asio/stream.hpp"

#include <cstdint>

namespace bench::coro {

/// Echoes every message, S and E included.
inline asio::awaitable<void> latency_server(Acceptor& acceptor, const Options& o) {
  Stream stream = co_await accept_from(acceptor, o);
  OrderCheck check;
  Window window;
  Body body;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    co_await receive_message(stream, body);
    mark = check.accept(body.data(), body.size(), o.size);
    if (mark == Mark::start) window.open();
    co_await send_message(stream, body);
  }
  wait_for_line();
  window.close();
  JsonLine().add("served", check.received()).add_cpu(window).print();
}

inline asio::awaitable<void> latency_client(const Options& o) {
  Stream stream = co_await connect_to(o);
  Body request = make_body(o.size), reply;
  LatencyRun run(o);
  while (const auto next = run.next()) {
    store_mark(request.data(), next->mark, next->count);
    co_await send_message(stream, request);
    co_await receive_message(stream, reply);
    run.echoed(reply.data(), reply.size());
  }
  run.report();
}

}  // namespace bench::coro
