#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/rpc.hpp"
#include "bench/drivers/zmq/socket.hpp"

#include <cstddef>
#include <vector>

namespace bench::zmq {

// DEALER and ROUTER, the sockets that may have many requests open. What is in flight is bounded by --concurrency, and
// neither has a mark of its own: at its mark a ROUTER would drop replies.

inline Socket rpc_socket(const Context& context, int type, const Options& o) {
  Socket socket(context, type, o);
  socket.set(ZMQ_SNDHWM, 0, "ZMQ_SNDHWM");
  socket.set(ZMQ_RCVHWM, 0, "ZMQ_RCVHWM");
  return socket;
}

inline void rpc_server(const Options& o) {
  const Context context;
  Socket socket = rpc_socket(context, ZMQ_ROUTER, o);
  bind(socket, o);
  say("READY");
  RpcServed served(o.size);
  Message identity, body;
  while (!served.over()) {
    socket.receive(identity);
    socket.receive(body);
    served.see(body.data(), body.size());
    socket.send(identity, ZMQ_SNDMORE);
    socket.send(body);
  }
  wait_for_line();
  served.report();
}

/// Takes all replies that are here before it asks anew: a tenth more than in turn with 1024 requests open.
inline void rpc_client(const Options& o) {
  const Context context;
  Socket socket = rpc_socket(context, ZMQ_DEALER, o);
  connect_one(socket, o);
  auto body = make_body(o.size);
  Message reply;
  std::vector<std::size_t> answered;
  RpcRun run(o);
  const auto ask = [&](std::size_t slot) {
    if (run.next(slot, body.data())) socket.send(body.data(), body.size());
  };
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots; ++slot) ask(slot);
    while (run.open() > 0) {
      answered.clear();
      socket.receive(reply);
      do answered.push_back(run.replied(reply.data(), reply.size()));
      while (socket.try_receive(reply));
      for (const std::size_t slot : answered) ask(slot);
    }
  }
  run.report();
}

}  // namespace bench::zmq
