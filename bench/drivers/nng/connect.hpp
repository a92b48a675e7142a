#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/drivers/nng/socket.hpp"

#include <cstdint>
#include <vector>

namespace bench::nng {

/// A REP that sends every request back.
inline void connect_server(const Options& o) {
  Socket socket(nng_rep0_open, o);
  socket.listen(o);
  say("READY");
  Window window;
  Message body;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    socket.receive(body);
    mark = mark_of(body.data());
    if (mark == Mark::start) window.open();
    socket.send(body);
  }
  wait_for_line();
  window.close();
  JsonLine().add_cpu(window).print();
}

/// Each connection is a REQ of its own. One at a time: all calls of this driver block.
class ConnectClient {
 public:
  explicit ConnectClient(const Options& o) : options_(o), body_(make_body(o.size)) {}

  void run() {
    one(Mark::start, 0);
    run_.begin();
    for (std::uint64_t i = 0; i < options_.count; ++i) one(Mark::data, i);
    run_.end();
    one(Mark::end, options_.count);
    run_.report();
  }

 private:
  void one(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    Socket socket(nng_req0_open, options_);
    socket.dial(options_);
    store_mark(body_.data(), mark, index);
    socket.send(body_.data(), body_.size());
    socket.receive(reply_);
    check_echo(reply_.data(), reply_.size(), index, options_.size);
    socket.close();
    run_.record(began);
  }

  const Options& options_;
  std::vector<unsigned char> body_;
  Message reply_;
  ConnectRun run_;
};

inline void connect_client(const Options& o) {
  if (o.concurrency > 1) throw NotOffered("this driver makes one connection at a time");
  ConnectClient(o).run();
}

}  // namespace bench::nng
