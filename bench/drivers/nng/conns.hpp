#pragma once

#include "bench/common/conns.hpp"
#include "bench/drivers/nng/socket.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace bench::nng {

/// One PULL for all peers; the number in each body says whose it is.
inline void conns_server(const Options& o) {
  Socket socket(nng_pull0_open, o);
  socket.listen(o);
  ConnsTally tally(o.peers, o.size);
  say("READY");
  Message message;
  while (!tally.over()) {
    socket.receive(message);
    tally.see(message.data(), message.size());
  }
  tally.report();
}

/// Each peer is a PUSH of its own. Few dial at once: nng's listener has a backlog of 128, and who does not get in tries
/// again a second later.
class ConnsClient {
 public:
  explicit ConnsClient(const Options& o) : options_(o), body_(make_body(o.size)), sent_(o.peers) {
    sockets_.reserve(o.peers);
  }

  void run() {
    ConnsClientRun run(options_.peers);
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
      dialling_.acquire();
      sockets_.emplace_back(nng_push0_open, options_).dial_and_release(options_, dialling_);
      send(i, Mark::hello, 0);
    }
    run.wait_for_start();
    mark_all(Mark::start);
    for (SendTimer timer(options_.seconds, SendTimer::every_time); !timer.over();)
      for (std::uint32_t i = 0; i < options_.peers; ++i) turn(i);
    mark_all(Mark::end);
    run.report();
    std::_Exit(0);  // to close some thousand sockets one by one takes nng minutes
  }

 private:
  void send(std::uint32_t peer, Mark mark, std::uint64_t count) {
    store_mark(body_.data(), mark, count);
    store_peer(body_.data(), peer);
    sockets_[peer].send(body_.data(), body_.size());
  }

  void mark_all(Mark mark) {
    for (std::uint32_t i = 0; i < options_.peers; ++i) send(i, mark, sent_[i]);
  }

  void turn(std::uint32_t peer) {
    for (std::size_t i = 0; i < conns_messages_per_turn; ++i) send(peer, Mark::data, sent_[peer]++);
  }

  const Options& options_;
  std::vector<unsigned char> body_;
  Dialling dialling_{64};
  std::vector<Socket> sockets_;
  std::vector<std::uint64_t> sent_;
};

inline void conns_client(const Options& o) { ConnsClient(o).run(); }

}  // namespace bench::nng
