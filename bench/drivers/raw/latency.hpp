#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/latency.hpp"
#include "bench/common/report.hpp"
#include "bench/common/window.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"

#include <cstdint>
#include <vector>

namespace bench::raw {

/// Echoes every frame, S and E included.
inline void latency_server(const Options& o) {
  const Socket listener = listen_on(o);
  say("READY");
  const Socket socket = accept_from(listener, o);
  std::vector<unsigned char> frame(prefix_size + o.size);
  OrderCheck check;
  Window window;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    receive_exactly(socket.fd(), frame.data(), frame.size(), wait_flags(o));
    mark = check.accept(frame.data() + prefix_size, load_prefix(frame.data()), o.size);
    if (mark == Mark::start) window.open();
    send_all(socket.fd(), frame.data(), frame.size(), wait_flags(o));
  }
  wait_for_line();
  window.close();
  JsonLine().add("served", check.received()).add_cpu(window).print();
}

inline void latency_client(const Options& o) {
  const Socket socket = connect_to(o);
  FrameBatch request(0, o.size);
  std::vector<unsigned char> reply(prefix_size + o.size);
  LatencyRun run(o);
  while (const auto next = run.next()) {
    const auto bytes = request.single(next->mark, next->count);
    send_all(socket.fd(), bytes.data(), bytes.size(), wait_flags(o));
    receive_exactly(socket.fd(), reply.data(), reply.size(), wait_flags(o));
    run.echoed(reply.data() + prefix_size, load_prefix(reply.data()));
  }
  run.report();
}

}  // namespace bench::raw
