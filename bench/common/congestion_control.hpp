#pragma once

#include "bench/common/options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

// For libraries that have no option for congestion control: it is set on whichever TCP sockets this process has, which
// are the listener (accepted sockets inherit it) or, once it is there, the connection.

namespace bench {

namespace detail {

inline bool set_congestion_control(const std::string& name, bool connected) {
  bool found = false;
  for (int fd = 3; fd < 256; ++fd) {
    int protocol = 0;
    socklen_t size = sizeof protocol;
    if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP) continue;
    sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    if (connected && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) continue;
    if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) != 0)
      throw std::runtime_error("this machine does not offer the congestion control " + name);
    found = true;
  }
  return found;
}

}  // namespace detail

/// Waits until there is a socket to set `--cc` on: a library may connect in a thread of its own.
inline void apply_congestion_control(const Options& o, bool connected) {
  if (o.cc.empty() || !o.addr.is_tcp()) return;
  for (int tries = 0; !detail::set_congestion_control(o.cc, connected); ++tries) {
    if (tries == 500) throw std::runtime_error("no TCP socket appeared to set the congestion control on");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace bench
