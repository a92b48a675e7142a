#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/throughput.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"
#include "bench/drivers/raw/throughput.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace bench::raw {

/// Receives as in throughput while other connections are mute or, having asked for messages, do not read them.
class BystanderServer {
 public:
  explicit BystanderServer(const Options& o)
      : options_(o),
        listener_(listen_on(o)),
        epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        receiver_(o.size),
        outgoing_(batch_bytes, o.size) {
    watch(EPOLL_CTL_ADD, listener_.fd(), EPOLLIN, nullptr);
  }

  void run() {
    say("READY");
    std::array<epoll_event, 64> events;
    while (!receiver_.over()) {
      const int ready = ::epoll_wait(epoll_.fd(), events.data(), 64, -1);
      for (int i = 0; i < ready; ++i) handle(static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    receiver_.report();
  }

 private:
  struct Peer {
    Socket socket;
    FrameWalker walker;
    bool wants_messages = false;
  };

  void watch(int operation, int fd, std::uint32_t events, Peer* peer) {
    epoll_event event{events, {.ptr = peer}};
    check(::epoll_ctl(epoll_.fd(), operation, fd, &event), "epoll_ctl");
  }

  void handle(Peer* peer) {
    if (!peer) {
      peers_.push_back({accept_from(listener_, options_), FrameWalker()});
      watch(EPOLL_CTL_ADD, peers_.back().socket.fd(), EPOLLIN, &peers_.back());
    } else if (peer->wants_messages) {
      const auto bytes = outgoing_.data(0);
      ::send(peer->socket.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      receive_from(*peer);
    }
  }

  void receive_from(Peer& peer) {
    const std::size_t got = receive_some(peer.socket.fd(), buffer_.data(), buffer_.size());
    if (got == 0) return peer.socket.close();
    peer.walker.feed({buffer_.data(), got}, [&](const unsigned char* frame, std::size_t size) {
      const auto* body = frame + prefix_size;
      if (mark_of(body) != Mark::send_to_me) return receiver_.see(body, size);
      peer.wants_messages = true;
      watch(EPOLL_CTL_MOD, peer.socket.fd(), EPOLLOUT, &peer);
    });
  }

  const Options& options_;
  Socket listener_, epoll_;
  std::deque<Peer> peers_;
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(batch_bytes);
  ThroughputReceiver receiver_;
  FrameBatch outgoing_;
};

inline void bystander_server(const Options& o) { BystanderServer(o).run(); }

}  // namespace bench::raw
