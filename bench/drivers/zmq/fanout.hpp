#pragma once

#include "bench/common/fanout.hpp"
#include "bench/drivers/zmq/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace bench::zmq {

/// An XPUB that waits where a subscriber has no room, so that nothing is dropped.
class FanoutServer {
 public:
  explicit FanoutServer(const Options& o) : options_(o), socket_(context_, ZMQ_XPUB, o), body_(make_body(o.size)) {
    socket_.set(ZMQ_XPUB_NODROP, 1, "ZMQ_XPUB_NODROP");
    socket_.set(ZMQ_XPUB_VERBOSE, 1, "ZMQ_XPUB_VERBOSE");  // or it would tell of the first subscription only
  }

  void run() {
    bind(socket_, options_);
    say("READY");
    wait_for_line();
    Message subscription;
    for (std::size_t i = 0; i < options_.peers; ++i) socket_.receive(subscription);
    FanoutPublishing publishing;
    publishing.open();
    send(Mark::start, 0);
    for (std::uint64_t i = 0; i < options_.count; ++i) send(Mark::data, i);
    send(Mark::end, options_.count);
    publishing.sent_all(options_.count);
    wait_for_line();
    publishing.report();
  }

 private:
  void send(Mark mark, std::uint64_t count) {
    Message message;
    zmq_msg_init_size(message.get(), body_.size());
    std::memcpy(message.data(), body_.data(), body_.size());
    store_mark(message.data(), mark, count);
    socket_.send(message);
  }

  const Options& options_;
  Context context_;
  Socket socket_;
  std::vector<unsigned char> body_;
};

inline void fanout_server(const Options& o) { FanoutServer(o).run(); }

/// Each subscriber is a SUB of its own in one context, all of them read by one thread.
inline void fanout_client(const Options& o) {
  const Context context(o.peers + 16);
  std::vector<Socket> sockets;
  std::vector<zmq_pollitem_t> items;
  sockets.reserve(o.peers);
  for (std::size_t i = 0; i < o.peers; ++i) {
    Socket& socket = sockets.emplace_back(context, ZMQ_SUB, o);
    check(zmq_setsockopt(socket.get(), ZMQ_SUBSCRIBE, "", 0), "ZMQ_SUBSCRIBE");
    connect(socket, o);
    items.push_back({socket.get(), 0, ZMQ_POLLIN, 0});
  }
  FanoutTally tally(o.peers, o.size);
  say("READY");
  Message message;
  while (!tally.over()) {
    check(zmq_poll(items.data(), static_cast<int>(items.size()), -1), "zmq_poll");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if ((items[i].revents & ZMQ_POLLIN) == 0) continue;
      while (sockets[i].try_receive(message)) tally.see(i, message.data(), message.size());
    }
  }
  tally.report();
}

}  // namespace bench::zmq
