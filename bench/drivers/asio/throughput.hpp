#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/throughput.hpp"
#include "bench/drivers/asio/stream.hpp"

#include <cstdint>

namespace bench::coro {

inline asio::awaitable<void> send_mark(Stream& stream, Body& body, Mark mark, std::uint64_t count) {
  store_mark(body.data(), mark, count);
  co_await send_message(stream, body);
}

inline asio::awaitable<std::uint64_t> send_data_for(Stream& stream, Body& body, double seconds) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, body.size()); !timer.over(); ++sent) {
    store_mark(body.data(), Mark::data, sent);
    co_await send_message(stream, body);
  }
  co_return sent;
}

inline asio::awaitable<void> throughput_client(const Options& o) {
  Stream stream = co_await connect_to(o);
  Body body = make_body(o.size);
  Window window;
  co_await send_data_for(stream, body, o.warmup);
  window.open();
  co_await send_mark(stream, body, Mark::start, 0);
  const std::uint64_t sent = co_await send_data_for(stream, body, o.seconds);
  co_await send_mark(stream, body, Mark::end, sent);
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline asio::awaitable<void> throughput_server(Acceptor& acceptor, const Options& o) {
  Stream stream = co_await accept_from(acceptor, o);
  ThroughputReceiver receiver(o.size);
  Body body;
  while (!receiver.over()) {
    co_await receive_message(stream, body);
    receiver.see(body.data(), body.size());
  }
  receiver.report();
}

}  // namespace bench::coro
