#pragma once

#include "bench/common/throughput.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <cstdint>

namespace bench::sockets {

using messages::BodyMaker;

inline asio::awaitable<std::uint64_t> send_data_for(parley::Socket& socket, BodyMaker& body, double seconds) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, body.size()); !timer.over(); ++sent) co_await socket.send(body.make(Mark::data, sent));
  co_return sent;
}

/// Warm-up, S, D for --seconds, E; returns the number of D.
inline asio::awaitable<std::uint64_t> send_run(parley::Socket& socket, const Options& o, Window& window) {
  BodyMaker body(o.size);
  co_await send_data_for(socket, body, o.warmup);
  window.open();
  co_await socket.send(body.make(Mark::start, 0));
  const std::uint64_t sent = co_await send_data_for(socket, body, o.seconds);
  co_await socket.send(body.make(Mark::end, sent));
  co_return sent;
}

inline asio::awaitable<void> throughput_client(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await connect(socket, o);
  Window window;
  const std::uint64_t sent = co_await send_run(socket, o, window);
  co_await line_comes();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline asio::awaitable<void> receive_run(parley::Socket& socket, const Options& o) {
  ThroughputReceiver receiver(o.size);
  while (!receiver.over()) {
    const parley::Received r = co_await socket.receive();
    receiver.see(r.message.data(), r.message.size());
  }
  receiver.report();
}

inline asio::awaitable<void> throughput_server(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await bind(socket, o);
  co_await receive_run(socket, o);
}

}  // namespace bench::sockets
