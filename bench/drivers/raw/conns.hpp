#pragma once

#include "bench/common/conns.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/report.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"
#include "bench/drivers/raw/throughput.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace bench::raw {

/// One epoll set, one read buffer for all; a peer costs its socket and its place in the walker.
class ConnsServer {
 public:
  explicit ConnsServer(const Options& o)
      : options_(o),
        listener_(listen_on(o)),
        epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        tally_(o.peers, o.size) {
    watch(listener_.fd(), nullptr);
  }

  void run() {
    say("READY");
    std::array<epoll_event, 256> events;
    while (!tally_.over()) {
      const int ready = ::epoll_wait(epoll_.fd(), events.data(), 256, -1);
      for (int i = 0; i < ready; ++i) handle(static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    tally_.report();
  }

 private:
  struct Peer {
    Socket socket;
    FrameWalker walker;
  };

  void watch(int fd, Peer* peer) {
    epoll_event event{EPOLLIN, {.ptr = peer}};
    check(::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void handle(Peer* peer) {
    if (!peer) {
      peers_.push_back({accept_from(listener_, options_), FrameWalker()});
      watch(peers_.back().socket.fd(), &peers_.back());
      return;
    }
    const std::size_t got = receive_some(peer->socket.fd(), buffer_.data(), buffer_.size());
    if (got == 0) throw std::runtime_error("a peer closed before the end");
    peer->walker.feed({buffer_.data(), got},
                      [this](const unsigned char* frame, std::size_t size) { tally_.see(frame + prefix_size, size); });
  }

  const Options& options_;
  Socket listener_, epoll_;
  std::deque<Peer> peers_;
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(batch_bytes);
  ConnsTally tally_;
};

inline void conns_server(const Options& o) { ConnsServer(o).run(); }

inline void conns_client(const Options& o) {
  ConnsClientRun run(o.peers);
  struct Peer {
    Socket socket;
    std::uint64_t sent = 0;
  };
  std::vector<Peer> peers;
  peers.reserve(o.peers);
  FrameBatch batch((prefix_size + o.size) * conns_messages_per_turn, o.size);
  const auto send = [&](Peer& peer, std::span<const unsigned char> bytes) {
    send_all(peer.socket.fd(), bytes.data(), bytes.size());
  };
  const auto send_mark = [&](Mark mark) {
    for (std::uint32_t i = 0; i < o.peers; ++i) {
      batch.set_peer(i);
      send(peers[i], batch.single(mark, peers[i].sent));
    }
  };
  for (std::uint32_t i = 0; i < o.peers; ++i) {
    peers.push_back({connect_to(o)});
    batch.set_peer(i);
    send(peers[i], batch.single(Mark::hello, 0));
  }
  run.wait_for_start();
  send_mark(Mark::start);
  for (SendTimer timer(o.seconds, SendTimer::every_time); !timer.over();) {
    for (std::uint32_t i = 0; i < o.peers; ++i) {
      batch.set_peer(i);
      send(peers[i], batch.data(peers[i].sent));
      peers[i].sent += batch.frames();
    }
  }
  send_mark(Mark::end);
  run.report();
}

}  // namespace bench::raw
