#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/throughput.hpp"
#include "bench/drivers/openssl/tls.hpp"
#include "bench/drivers/raw/frame.hpp"

#include <cstdint>
#include <vector>

namespace bench::openssl {

/// Bytes of frames that go into one SSL_write, and that one SSL_read asks for.
inline constexpr std::size_t batch_bytes = 64 * 1024;

inline std::uint64_t send_data_for(TlsSocket& socket, raw::FrameBatch& batch, double seconds, const Options& o) {
  std::uint64_t sent = 0;
  for (SendTimer timer(seconds, o.size * batch.frames()); !timer.over(); sent += batch.frames()) {
    const auto bytes = batch.data(sent);
    socket.send_all(bytes.data(), bytes.size());
  }
  return sent;
}

inline void send_mark(TlsSocket& socket, raw::FrameBatch& batch, Mark mark, std::uint64_t count) {
  const auto bytes = batch.single(mark, count);
  socket.send_all(bytes.data(), bytes.size());
}

inline void throughput_client(const Options& o) {
  raw::FrameBatch batch(batch_bytes, o.size);
  TlsSocket socket(raw::connect_to(o), false);
  Window window;
  send_data_for(socket, batch, o.warmup, o);
  window.open();
  send_mark(socket, batch, Mark::start, 0);
  const std::uint64_t sent = send_data_for(socket, batch, o.seconds, o);
  send_mark(socket, batch, Mark::end, sent);
  wait_for_line();
  window.close();
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline void throughput_server(const Options& o) {
  const raw::Socket listener = raw::listen_on(o);
  say("READY");
  TlsSocket socket(raw::accept_from(listener, o), true);
  ThroughputReceiver receiver(o.size);
  std::vector<unsigned char> buffer(batch_bytes);
  raw::FrameWalker walker;
  while (!receiver.over()) {
    const std::size_t got = socket.receive_some(buffer.data(), buffer.size());
    walker.feed({buffer.data(), got},
                [&](const unsigned char* frame, std::size_t size) { receiver.see(frame + raw::prefix_size, size); });
  }
  receiver.report();
}

}  // namespace bench::openssl
