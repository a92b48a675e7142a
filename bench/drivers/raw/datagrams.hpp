// UDP as one writes it who wants the most of it: recvmmsg and sendmmsg, and nothing in between.
#pragma once

#include "bench/common/conns.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/datagrams.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/rpc.hpp"
#include "bench/drivers/raw/socket.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace bench::raw {

inline Socket make_udp_socket(const Options& o) {
  Socket socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  const int size = o.sockbuf > 0 ? o.sockbuf : 4 * 1024 * 1024;  // as parley asks for
  check(::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size), "SO_SNDBUF");
  check(::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size), "SO_RCVBUF");
  return socket;
}

inline SocketAddress udp_address(const Options& o) {
  Address address = o.addr;
  address.scheme = Address::Scheme::tcp;  // written alike
  return SocketAddress(address);
}

inline Socket bind_udp(const Options& o) {
  Socket socket = make_udp_socket(o);
  const SocketAddress address = udp_address(o);
  check(::bind(socket.fd(), &address.base, address.size), "bind");
  return socket;
}

inline Socket connect_udp(const Options& o) {
  Socket socket = make_udp_socket(o);
  const SocketAddress address = udp_address(o);
  check(::connect(socket.fd(), &address.base, address.size), "connect");
  return socket;
}

/// What the kernel has dropped at this socket.
inline std::uint32_t dropped_at(const Socket& socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  check(::getsockopt(socket.fd(), SOL_SOCKET, SO_MEMINFO, info.data(), &size), "SO_MEMINFO");
  return info[SK_MEMINFO_DROPS];
}

/// As many datagrams as one system call moves, each with room for a body of `size`.
class DatagramBatch {
 public:
  static constexpr std::size_t count_max = 32;

  explicit DatagramBatch(std::size_t size) : size_(size), bytes_(count_max * size, 'x') {
    for (std::size_t i = 0; i < count_max; ++i) {
      vectors_[i] = {body(i), size};
      headers_[i].msg_hdr.msg_iov = &vectors_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  unsigned char* body(std::size_t i) noexcept { return bytes_.data() + i * size_; }
  std::size_t size_of(std::size_t i) const noexcept { return headers_[i].msg_len; }

  /// Waits for one, and takes what else is there. With `wants_names` send() answers to where each came from.
  std::size_t receive(const Socket& socket, int flags, bool wants_names = false) {
    for (std::size_t i = 0; i < count_max; ++i) {
      headers_[i].msg_hdr.msg_name = wants_names ? &names_[i] : nullptr;
      headers_[i].msg_hdr.msg_namelen = wants_names ? sizeof names_[i] : 0;
    }
    while (true) {
      const int count = ::recvmmsg(socket.fd(), headers_.data(), count_max, flags | MSG_WAITFORONE, nullptr);
      if (count > 0) return static_cast<std::size_t>(count);
      if (!would_block() && errno != EINTR) fail("recvmmsg");
    }
  }
  void send(const Socket& socket, std::size_t count, int flags) {
    for (std::size_t done = 0; done < count;) {
      const int sent =
          ::sendmmsg(socket.fd(), headers_.data() + done, static_cast<unsigned>(count - done), flags | MSG_NOSIGNAL);
      if (sent > 0) done += static_cast<std::size_t>(sent);
      if (sent < 0 && !would_block() && errno != EINTR) fail("sendmmsg");
    }
  }

 private:
  std::size_t size_;
  std::vector<unsigned char> bytes_;
  std::array<mmsghdr, count_max> headers_{};
  std::array<iovec, count_max> vectors_{};
  std::array<sockaddr_in, count_max> names_{};
};

// --- datagrams ---

inline void datagrams_client(const Options& o) {
  const Socket socket = connect_udp(o);
  DatagramBatch batch(o.size);
  Window window;
  window.open();
  std::uint64_t sent = 0;
  for (SendTimer timer(sending_seconds(o), o.size * DatagramBatch::count_max); !timer.over();) {
    for (std::size_t i = 0; i < DatagramBatch::count_max; ++i) store_mark(batch.body(i), Mark::data, sent++);
    batch.send(socket, DatagramBatch::count_max, wait_flags(o));
  }
  window.close();
  std::this_thread::sleep_for(datagrams_rest);
  store_mark(batch.body(0), Mark::end, sent);
  do batch.send(socket, 1, 0);
  while (!line_comes_within(std::chrono::milliseconds{10}));
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline void datagrams_server(const Options& o) {
  const Socket socket = bind_udp(o);
  DatagramBatch batch(o.size);
  DatagramTally tally(o);
  say("READY");
  while (!tally.over()) {
    const std::size_t count = batch.receive(socket, wait_flags(o));
    for (std::size_t i = 0; i < count && !tally.over(); ++i) tally.see(batch.body(i), batch.size_of(i));
  }
  tally.report(dropped_at(socket));
}

// --- echo ---

inline void echo_server(const Options& o) {
  const Socket socket = bind_udp(o);
  DatagramBatch batch(o.size);
  RpcServed served(o.size);
  say("READY");
  while (!served.over()) {
    const std::size_t count = batch.receive(socket, wait_flags(o), true);
    for (std::size_t i = 0; i < count; ++i) served.see(batch.body(i), batch.size_of(i));
    batch.send(socket, count, wait_flags(o));
  }
  wait_for_line();
  served.report();
}

/// Makes of each reply, where it lies, the next request of its slot.
inline void echo_client(const Options& o) {
  const Socket socket = connect_udp(o);
  DatagramBatch batch(o.size);
  RpcRun run(o);
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots;) {
      std::size_t asked = 0;
      while (asked < DatagramBatch::count_max && slot < slots && run.next(slot++, batch.body(asked))) ++asked;
      batch.send(socket, asked, wait_flags(o));
    }
    while (run.open() > 0) {
      const std::size_t count = batch.receive(socket, wait_flags(o));
      std::size_t again = 0;  // when the phase is over nothing is asked any more, so these are the first ones
      for (std::size_t i = 0; i < count; ++i) {
        if (run.next(run.replied(batch.body(i), batch.size_of(i)), batch.body(i))) again = i + 1;
      }
      batch.send(socket, again, wait_flags(o));
    }
  }
  run.report();
}

// --- addresses: the client alone, for whoever serves ---

/// Says H from --peers addresses, one after the other, each until it is answered. A port of every address of 127/8 is
/// another one, so sockets need not stay open.
inline void addresses_client(const Options& o) {
  const SocketAddress server = udp_address(o);
  std::vector<unsigned char> body(o.size, 'x');
  ConnsClientRun run(o.peers);
  for (std::uint32_t i = 0; i < o.peers; ++i) {
    const Socket socket = make_udp_socket(o);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f010000 + i / 50);
    own.sin_port = htons(static_cast<std::uint16_t>(40000 + i % 50));
    check(::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&own), sizeof own), "bind");
    check(::connect(socket.fd(), &server.base, server.size), "connect");
    store_mark(body.data(), Mark::hello, 0);
    store_peer(body.data(), i);
    send_all(socket.fd(), body.data(), body.size());
    receive_some(socket.fd(), body.data(), body.size());
  }
  run.wait_for_start();
  run.report();
}

}  // namespace bench::raw
