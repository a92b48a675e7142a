#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/rpc.hpp"
#include "bench/drivers/grpc/echo.hpp"

#include <cstddef>

namespace bench::unary {

inline void rpc_server(const Options& o) {
  Server server(o);
  say("READY");
  RpcServed served(o.size);
  server.serve([&](const void* body, std::size_t size) {
    served.see(body, size);
    return served.over();
  });
  wait_for_line();
  served.report();
}

inline void rpc_client(const Options& o) {
  Client client(o, o.concurrency);
  auto body = make_body(o.size);
  RpcRun run(o);
  const auto ask = [&](std::size_t slot) {
    if (run.next(slot, body.data())) client.ask(slot, body.data(), body.size());
  };
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots; ++slot) ask(slot);
    while (run.open() > 0) {
      const Client::Reply reply = client.receive();
      run.replied(reply.slot, reply.bytes.begin(), reply.bytes.size());
      ask(reply.slot);
    }
  }
  run.report();
}

}  // namespace bench::unary
