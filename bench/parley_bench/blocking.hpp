// The blocking facade, as a program without an event loop uses it.
#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/latency.hpp"
#include "bench/common/throughput.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>

#include <cstdint>

namespace bench::blocking {

using messages::BodyMaker;

inline void latency_server(parley::blocking::Connection peer, const Options& o) {
  OrderCheck check;
  Window window;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    parley::Message m = peer.receive();
    mark = check.accept(m.data(), m.size(), o.size);
    if (mark == Mark::start) window.open();
    peer.send(std::move(m));
  }
  wait_for_line();
  window.close();
  JsonLine().add("served", check.received()).add_cpu(window).print();
}

inline void latency_client(parley::blocking::Connection peer, const Options& o) {
  BodyMaker body(o.size);
  LatencyRun run(o);
  while (const auto next = run.next()) {
    peer.send(body.make(next->mark, next->count));
    const parley::Message echo = peer.receive();
    run.echoed(echo.data(), echo.size());
  }
  run.report();
}

inline void throughput_server(parley::blocking::Connection peer, const Options& o) {
  ThroughputReceiver receiver(o.size);
  while (!receiver.over()) {
    const parley::Message m = peer.receive();
    receiver.see(m.data(), m.size());
  }
  receiver.report();
}

/// Messages posted between two sends, which write them.
inline constexpr unsigned posted_max = 256;

inline std::uint64_t send_data_for(parley::blocking::Connection& peer, BodyMaker& body, double seconds) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, body.size()); !timer.over(); ++sent) {
    parley::Message message = body.make(Mark::data, sent);
    if (sent % posted_max == posted_max - 1) {
      peer.send(std::move(message));
    } else {
      peer.post(std::move(message));
    }
  }
  return sent;
}

inline void throughput_client(parley::blocking::Connection peer, const Options& o) {
  BodyMaker body(o.size);
  Window window;
  send_data_for(peer, body, o.warmup);
  window.open();
  peer.send(body.make(Mark::start, 0));
  const std::uint64_t sent = send_data_for(peer, body, o.seconds);
  peer.send(body.make(Mark::end, sent));
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline void run(const Options& o) {
  const bool latency = o.scenario == "latency";
  if ((!latency && o.scenario != "throughput") || o.role == Role::both) not_offered(o);
  if (o.role == Role::client) {
    parley::ConnectOptions options;
    options.connection(messages::connection_options(o)).transport(messages::transport_options(o));
    parley::blocking::Connection peer{o.addr.text, options};
    return latency ? latency_client(std::move(peer), o) : throughput_client(std::move(peer), o);
  }
  parley::blocking::Listener listener{
      o.addr.text, {.connection = messages::connection_options(o), .transport = messages::transport_options(o)}};
  say("READY");
  return latency ? latency_server(listener.accept(), o) : throughput_server(listener.accept(), o);
}

}  // namespace bench::blocking
