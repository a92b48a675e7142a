#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/rpc.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"
#include "bench/drivers/raw/throughput.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench::raw {

/// The whole frames of each read, to be changed where they are and written back with one call. All have one size.
class FrameReader {
 public:
  explicit FrameReader(std::size_t body_size)
      : body_size_(body_size), bytes_(std::max(batch_bytes, prefix_size + body_size)) {}

  /// Waits until there is one. What was returned before is gone then.
  std::span<unsigned char> receive(const Socket& socket, int flags) {
    std::memmove(bytes_.data(), bytes_.data() + whole_, size_ - whole_);
    size_ -= whole_;
    for (whole_ = 0; whole_ == 0; whole_ = size_ - size_ % stride()) {
      const std::size_t got = receive_some(socket.fd(), bytes_.data() + size_, bytes_.size() - size_, flags);
      if (got == 0) throw std::runtime_error("the peer closed in the middle of the run");
      size_ += got;
    }
    for (std::size_t at = 0; at < whole_; at += stride())
      if (load_prefix(bytes_.data() + at) != body_size_)
        throw std::runtime_error("a frame of " + std::to_string(load_prefix(bytes_.data() + at)) +
                                 " bytes where all have " + std::to_string(body_size_));
    return {bytes_.data(), whole_};
  }

  std::size_t stride() const noexcept { return prefix_size + body_size_; }

 private:
  std::size_t body_size_;
  std::vector<unsigned char> bytes_;
  std::size_t size_ = 0, whole_ = 0;  // bytes that are here; of them, those of whole frames
};

inline void require_rpc(const Options& o) {
  if (style_of(o) != Style::batched || may_fill_both_ways(o)) not_offered(o);
}

inline void rpc_server(const Options& o) {
  require_rpc(o);
  const Socket listener = listen_on(o);
  say("READY");
  const Socket socket = accept_from(listener, o);
  FrameReader reader(o.size);
  RpcServed served(o.size);
  while (!served.over()) {
    const auto frames = reader.receive(socket, wait_flags(o));
    for (std::size_t at = 0; at < frames.size(); at += reader.stride())
      served.see(frames.data() + at + prefix_size, o.size);
    send_all(socket.fd(), frames.data(), frames.size(), wait_flags(o));
  }
  wait_for_line();
  served.report();
}

/// Makes of each reply, where it lies, the next request of its slot: the least that a client must do.
inline void rpc_client(const Options& o) {
  require_rpc(o);
  const Socket socket = connect_to(o);
  FrameReader reader(o.size);
  FrameBatch first(o.concurrency * reader.stride(), o.size);
  RpcRun run(o);
  while (const std::size_t slots = run.next_phase()) {
    const auto asked = first.each(slots, [&](std::size_t slot, unsigned char* body) { run.next(slot, body); });
    send_all(socket.fd(), asked.data(), asked.size(), wait_flags(o));
    while (run.open() > 0) {
      const auto frames = reader.receive(socket, wait_flags(o));
      std::size_t again = 0;  // when the phase is over nothing is asked any more, so these are the first ones
      for (std::size_t at = 0; at < frames.size(); at += reader.stride()) {
        unsigned char* body = frames.data() + at + prefix_size;
        if (run.next(run.replied(body, o.size), body)) again = at + reader.stride();
      }
      send_all(socket.fd(), frames.data(), again, wait_flags(o));
    }
  }
  run.report();
}

}  // namespace bench::raw
