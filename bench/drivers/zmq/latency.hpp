#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/common/process.hpp"
#include "bench/drivers/zmq/socket.hpp"

#include <cstdint>
#include <thread>
#include <vector>

namespace bench::zmq {

// PAIR, the socket with the least work per message. There is no polling variant: the thread that does libzmq's I/O
// sleeps whatever the application does, and with one CPU a side it would have to compete with a spinning one.

/// Echoes every message, S and E included; returns the number of D in the window.
inline std::uint64_t echo_all(Socket& socket, const Options& o, Window& window) {
  OrderCheck check;
  Message message;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    socket.receive(message);
    mark = check.accept(message.data(), message.size(), o.size);
    if (mark == Mark::start) window.open();
    socket.send(message);
  }
  return check.received();
}

inline void latency_server(const Options& o) {
  const Context context;
  Socket socket(context, ZMQ_PAIR, o);
  bind(socket, o);
  say("READY");
  Window window;
  const std::uint64_t served = echo_all(socket, o, window);
  wait_for_line();
  window.close();
  JsonLine().add("served", served).add_cpu(window).print();
}

inline void ping_all(Socket& socket, const Options& o) {
  auto body = make_body(o.size);
  Message reply;
  LatencyRun run(o);
  while (const auto next = run.next()) {
    store_mark(body.data(), next->mark, next->count);
    socket.send(body.data(), body.size());
    socket.receive(reply);
    run.echoed(reply.data(), reply.size());
  }
  run.report();
}

inline void latency_client(const Options& o) {
  const Context context;
  Socket socket(context, ZMQ_PAIR, o);
  connect_one(socket, o);
  ping_all(socket, o);
}

inline void inproc_latency(const Options& o) {
  const Context context;
  Socket server(context, ZMQ_PAIR, o);
  bind(server, o);
  std::jthread client([&] {
    if (o.pin) pin_to_cpu(o.pin->second);
    Socket socket(context, ZMQ_PAIR, o);
    connect(socket, o);
    ping_all(socket, o);
  });
  if (o.pin) pin_to_cpu(o.pin->first);
  Window window;
  echo_all(server, o, window);
  client.join();
}

}  // namespace bench::zmq
