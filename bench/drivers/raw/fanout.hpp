#pragma once

#include "bench/common/fanout.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"
#include "bench/drivers/raw/throughput.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace bench::raw {

/// 256 KiB of frames at a time, written to one subscriber after the other.
inline void fanout_server(const Options& o) {
  const Socket listener = listen_on(o);
  say("READY");
  wait_for_line();
  std::vector<Socket> subscribers;
  while (subscribers.size() < o.peers) subscribers.push_back(accept_from(listener, o));
  FrameBatch batch(batch_bytes, o.size);
  const auto publish = [&](std::span<const unsigned char> bytes) {
    for (const Socket& each : subscribers) send_all(each.fd(), bytes.data(), bytes.size());
  };
  FanoutPublishing publishing;
  publishing.open();
  publish(batch.single(Mark::start, 0));
  for (std::uint64_t sent = 0; sent < o.count;) {
    const std::uint64_t frames = std::min<std::uint64_t>(batch.frames(), o.count - sent);
    publish(batch.data(sent).first(frames * (prefix_size + o.size)));
    sent += frames;
  }
  publish(batch.single(Mark::end, o.count));
  publishing.sent_all(o.count);
  wait_for_line();
  publishing.report();
}

/// One epoll set and one read buffer for all.
inline void fanout_client(const Options& o) {
  struct Subscriber {
    Socket socket;
    FrameWalker walker;
  };
  const Socket epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  std::vector<Subscriber> subscribers;
  for (std::size_t i = 0; i < o.peers; ++i) {
    subscribers.push_back({connect_to(o), FrameWalker()});
    epoll_event event{EPOLLIN, {.u64 = i}};
    check(::epoll_ctl(epoll.fd(), EPOLL_CTL_ADD, subscribers.back().socket.fd(), &event), "epoll_ctl");
  }
  FanoutTally tally(o.peers, o.size);
  say("READY");
  std::vector<unsigned char> buffer(batch_bytes);
  std::array<epoll_event, 64> events;
  while (!tally.over()) {
    const int ready = ::epoll_wait(epoll.fd(), events.data(), 64, -1);
    for (int i = 0; i < ready; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
      Subscriber& subscriber = subscribers[index];
      const std::size_t got = receive_some(subscriber.socket.fd(), buffer.data(), buffer.size());
      if (got == 0 && !tally.over()) throw std::runtime_error("the publisher closed before its end marker");
      subscriber.walker.feed({buffer.data(), got}, [&](const unsigned char* frame, std::size_t size) {
        tally.see(index, frame + prefix_size, size);
      });
    }
  }
  tally.report();
}

}  // namespace bench::raw
