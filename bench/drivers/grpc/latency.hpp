#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/drivers/grpc/echo.hpp"

#include <cstddef>

namespace bench::unary {

inline void latency_server(const Options& o) {
  Server server(o);
  say("READY");
  OrderCheck check;
  Window window;
  server.serve([&](const void* body, std::size_t size) {
    const Mark mark = check.accept(body, size, o.size);
    if (mark == Mark::start) window.open();
    return mark == Mark::end;
  });
  wait_for_line();
  window.close();
  JsonLine().add("served", check.received()).add_cpu(window).print();
}

inline void latency_client(const Options& o) {
  Client client(o, 1);
  auto body = make_body(o.size);
  LatencyRun run(o);
  while (const auto next = run.next()) {
    store_mark(body.data(), next->mark, next->count);
    client.ask(0, body.data(), body.size());
    const Client::Reply reply = client.receive();
    run.echoed(reply.bytes.begin(), reply.bytes.size());
  }
  run.report();
}

}  // namespace bench::unary
