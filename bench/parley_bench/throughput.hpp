#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/throughput.hpp"
#include "bench/parley_bench/ways.hpp"

#include <cstdint>

namespace bench::messages {

/// Warm-up, S, D for --seconds, E; returns when all of it is in the kernel's hands. The number of D.
inline asio::awaitable<std::uint64_t> send_run(parley::Connection& peer, const Options& o, Window& window) {
  const Way way = *find_way(o);
  BodyMaker body(o.size);
  co_await way.send_data_for(peer, body, o.warmup);
  window.open();
  co_await peer.send(body.make(Mark::start, 0));
  const std::uint64_t sent = co_await way.send_data_for(peer, body, o.seconds);
  co_await peer.send(body.make(Mark::end, sent));
  co_await peer.flush();
  co_return sent;
}

inline asio::awaitable<void> throughput_client(const Options& o) {
  parley::Connection peer = co_await connect_to(o);
  Window window;
  const std::uint64_t sent = co_await send_run(peer, o, window);
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline asio::awaitable<void> throughput_server(parley::Listener& listener, const Options& o) {
  parley::Connection peer = co_await listener.accept();
  ThroughputReceiver receiver(o.size);
  co_await find_way(o)->receive_all(peer, receiver);
  receiver.report();
}

}  // namespace bench::messages
