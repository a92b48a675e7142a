#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/common/process.hpp"
#include "bench/drivers/nng/socket.hpp"

#include <cstdint>
#include <thread>
#include <vector>

namespace bench::nng {

// PAIR, the protocol with the least work per message. nng's own threads do the I/O, so there is no polling variant.

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
  Socket socket(nng_pair0_open, o);
  socket.listen(o);
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
  Socket socket(nng_pair0_open, o);
  socket.dial_one(o);
  ping_all(socket, o);
}

inline void inproc_latency(const Options& o) {
  Socket server(nng_pair0_open, o);
  server.listen(o);
  Socket client(nng_pair0_open, o);
  client.dial(o);
  std::jthread pinger([&] {
    if (o.pin) pin_to_cpu(o.pin->second);
    ping_all(client, o);
  });
  if (o.pin) pin_to_cpu(o.pin->first);
  Window window;
  echo_all(server, o, window);
  pinger.join();
}

}  // namespace bench::nng
