#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/rpc.hpp"
#include "bench/drivers/asio/stream.hpp"

#include <cstddef>

namespace bench::coro {

inline asio::awaitable<void> rpc_server(Acceptor& acceptor, const Options& o) {
  if (may_fill_both_ways(o)) not_offered(o);
  Stream stream = co_await accept_from(acceptor, o);
  RpcServed served(o.size);
  Body body;
  while (!served.over()) {
    co_await receive_message(stream, body);
    served.see(body.data(), body.size());
    co_await send_message(stream, body);
  }
  wait_for_line();
  served.report();
}

inline asio::awaitable<void> rpc_client(const Options& o) {
  if (may_fill_both_ways(o)) not_offered(o);
  Stream stream = co_await connect_to(o);
  Body request = make_body(o.size), reply;
  RpcRun run(o);
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots; ++slot)
      if (run.next(slot, request.data())) co_await send_message(stream, request);
    while (run.open() > 0) {
      co_await receive_message(stream, reply);
      if (run.next(run.replied(reply.data(), reply.size()), request.data())) co_await send_message(stream, request);
    }
  }
  run.report();
}

}  // namespace bench::coro
