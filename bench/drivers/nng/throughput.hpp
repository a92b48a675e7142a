#pragma once

#include "bench/common/body.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/process.hpp"
#include "bench/common/throughput.hpp"
#include "bench/drivers/nng/socket.hpp"

#include <cstdint>
#include <thread>
#include <vector>

namespace bench::nng {

/// The sending half of PUSH/PULL: warm-up, S, D for `seconds`, E. Returns the number of D.
class Pusher {
 public:
  Pusher(Socket& socket, const Options& o) : socket_(socket), options_(o), body_(make_body(o.size)) {}

  std::uint64_t run(Window& window) {
    data_for(options_.warmup);
    window.open();
    send(Mark::start, 0);
    const std::uint64_t sent = data_for(options_.seconds);
    send(Mark::end, sent);
    return sent;
  }

 private:
  void send(Mark mark, std::uint64_t count) {
    store_mark(body_.data(), mark, count);
    socket_.send(body_.data(), body_.size());
  }

  std::uint64_t data_for(double seconds) {
    std::uint64_t sent = 0;
    for (SendTimer timer(seconds, options_.size); !timer.over(); ++sent) send(Mark::data, sent);
    return sent;
  }

  Socket& socket_;
  const Options& options_;
  std::vector<unsigned char> body_;
};

inline void pull_all(Socket& socket, ThroughputReceiver& receiver) {
  Message message;
  while (!receiver.over()) {
    socket.receive(message);
    receiver.see(message.data(), message.size());
  }
}

inline void throughput_server(const Options& o) {
  Socket socket(nng_pull0_open, o);
  socket.listen(o);
  say("READY");
  ThroughputReceiver receiver(o.size);
  pull_all(socket, receiver);
  receiver.report();
}

inline void throughput_client(const Options& o) {
  Socket socket(nng_push0_open, o);
  socket.dial_one(o);
  Window window;
  const std::uint64_t sent = Pusher(socket, o).run(window);
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline void inproc_throughput(const Options& o) {
  Socket socket(nng_pull0_open, o);
  socket.listen(o);
  Socket push(nng_push0_open, o);  // outlives its thread: what was sent last may not have been taken
  push.dial(o);
  std::jthread sender([&] {
    if (o.pin) pin_to_cpu(o.pin->second);
    Window window;
    Pusher(push, o).run(window);
  });
  if (o.pin) pin_to_cpu(o.pin->first);
  ThroughputReceiver receiver(o.size);
  pull_all(socket, receiver);
  receiver.report();
}

}  // namespace bench::nng
