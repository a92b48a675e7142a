#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/throughput.hpp"
#include "bench/drivers/raw/frame.hpp"
#include "bench/drivers/raw/socket.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench::raw {

inline constexpr std::size_t batch_bytes = 256 * 1024;

/// `single`: a write and a read per message. `batched`: a 256 KiB buffer of frames per write, 256 KiB per read, bodies
/// only looked at. `batched-copy`: the same, each body copied out.
enum class Style { single, batched, batched_copy };

inline Style style_of(const Options& o) {
  const std::string part = o.part("batched");
  if (part == "single") return Style::single;
  if (part == "batched") return Style::batched;
  if (part == "batched-copy") return Style::batched_copy;
  not_offered(o);
}

/// Sends D for `seconds` and returns how many.
inline std::uint64_t send_data_for(const Socket& socket, FrameBatch& batch, double seconds, const Options& o) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, o.size * batch.frames()); !timer.over(); sent += batch.frames()) {
    const auto bytes = batch.data(sent);
    send_all(socket.fd(), bytes.data(), bytes.size(), wait_flags(o));
  }
  return sent;
}

inline void send_mark(const Socket& socket, FrameBatch& batch, Mark mark, std::uint64_t count, const Options& o) {
  const auto bytes = batch.single(mark, count);
  send_all(socket.fd(), bytes.data(), bytes.size(), wait_flags(o));
}

inline void throughput_client(const Options& o) {
  FrameBatch batch(style_of(o) == Style::single ? 0 : batch_bytes, o.size);
  const Socket socket = connect_to(o);
  Window window;
  send_data_for(socket, batch, o.warmup, o);
  window.open();
  send_mark(socket, batch, Mark::start, 0, o);
  const std::uint64_t sent = send_data_for(socket, batch, o.seconds, o);
  send_mark(socket, batch, Mark::end, sent, o);
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline void receive_singly(const Socket& socket, ThroughputReceiver& receiver, const Options& o) {
  std::vector<unsigned char> frame(prefix_size + o.size);
  while (!receiver.over()) {
    receive_exactly(socket.fd(), frame.data(), frame.size(), wait_flags(o));
    receiver.see(frame.data() + prefix_size, load_prefix(frame.data()));
  }
}

inline void receive_batches(const Socket& socket, ThroughputReceiver& receiver, const Options& o) {
  std::vector<unsigned char> buffer(batch_bytes), copy(o.size);
  FrameWalker walker(style_of(o) == Style::batched_copy ? copy.data() : nullptr);
  while (!receiver.over()) {
    const std::size_t got = receive_some(socket.fd(), buffer.data(), buffer.size(), wait_flags(o));
    if (got == 0) throw std::runtime_error("the peer closed before its end marker");
    walker.feed({buffer.data(), got},
                [&](const unsigned char* frame, std::size_t size) { receiver.see(frame + prefix_size, size); });
  }
}

inline void throughput_server(const Options& o) {
  const Style style = style_of(o);
  const Socket listener = listen_on(o);
  say("READY");
  const Socket socket = accept_from(listener, o);
  ThroughputReceiver receiver(o.size);
  if (style == Style::single) {
    receive_singly(socket, receiver, o);
  } else {
    receive_batches(socket, receiver, o);
  }
  receiver.report();
}

}  // namespace bench::raw
