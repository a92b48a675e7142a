#pragma once

#include "bench/common/options.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace bench::raw {

[[noreturn]] inline void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

inline int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

/// Owns a file descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  int fd() const noexcept { return fd_; }

  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct SocketAddress {
  union {
    sockaddr base;
    sockaddr_in in;
    sockaddr_un un;
  };
  socklen_t size;

  explicit SocketAddress(const Address& address) {
    std::memset(static_cast<void*>(this), 0, sizeof *this);
    if (address.is_tcp()) {
      in.sin_family = AF_INET;
      in.sin_port = htons(address.port);
      if (::inet_pton(AF_INET, address.host.c_str(), &in.sin_addr) != 1)
        throw std::invalid_argument("--addr " + address.text + ": the host must be an IPv4 address");
      size = sizeof in;
    } else {
      if (address.path.empty() || address.path.size() >= sizeof un.sun_path)
        throw std::invalid_argument("--addr " + address.text + ": the path must have 1 to 107 bytes");
      un.sun_family = AF_UNIX;
      std::memcpy(un.sun_path, address.path.data(), address.path.size());
      size = sizeof un;
    }
  }
};

inline void tune(int fd, const Options& o) {
  if (o.sockbuf > 0) {
    check(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &o.sockbuf, sizeof o.sockbuf), "SO_SNDBUF");
    check(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o.sockbuf, sizeof o.sockbuf), "SO_RCVBUF");
  }
  if (!o.addr.is_tcp()) return;
  const int on = 1;
  check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  if (!o.cc.empty())
    check(::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o.cc.data(), static_cast<socklen_t>(o.cc.size())),
          "TCP_CONGESTION");
}

inline Socket make_socket(const Options& o) {
  if (o.addr.scheme == Address::Scheme::inproc) throw std::invalid_argument("sockets have no " + o.addr.text);
  Socket socket(check(::socket(o.addr.is_tcp() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  tune(socket.fd(), o);
  return socket;
}

/// Bound and listening. What tune() sets is inherited by the accepted sockets (SO_SNDBUF of a Unix socket apart).
inline Socket listen_on(const Options& o) {
  Socket socket = make_socket(o);
  const int on = 1;
  check(::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  if (!o.addr.is_tcp()) ::unlink(o.addr.path.c_str());
  const SocketAddress address(o.addr);
  check(::bind(socket.fd(), &address.base, address.size), "bind");
  check(::listen(socket.fd(), 4096), "listen");
  return socket;
}

inline Socket connect_to(const Options& o) {
  Socket socket = make_socket(o);
  const SocketAddress address(o.addr);
  check(::connect(socket.fd(), &address.base, address.size), "connect");
  return socket;
}

inline bool would_block() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

/// Waits for a connection, asleep or spinning.
inline Socket accept_from(const Socket& listener, const Options& o) {
  if (o.polling()) {
    pollfd ready{listener.fd(), POLLIN, 0};
    while (::poll(&ready, 1, 0) == 0) continue;
  }
  Socket socket(check(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  if (!o.addr.is_tcp()) tune(socket.fd(), o);
  return socket;
}

inline void send_all(int fd, const void* bytes, std::size_t size, int flags = 0) {
  const auto* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = ::send(fd, from, size, flags | MSG_NOSIGNAL);
    if (sent < 0 && (would_block() || errno == EINTR)) continue;
    if (sent < 0) fail("send");
    from += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

/// The bytes of one recv(), 0 at end of stream. `flags` MSG_DONTWAIT spins until there are some.
inline std::size_t receive_some(int fd, void* to, std::size_t size, int flags = 0) {
  while (true) {
    const ssize_t got = ::recv(fd, to, size, flags);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (!would_block() && errno != EINTR) fail("recv");
  }
}

inline void receive_exactly(int fd, void* to, std::size_t size, int flags = 0) {
  auto* into = static_cast<char*>(to);
  if (flags == 0) flags = MSG_WAITALL;
  while (size > 0) {
    const std::size_t got = receive_some(fd, into, size, flags);
    if (got == 0) throw std::runtime_error("the peer closed in the middle of the run");
    into += got;
    size -= got;
  }
}

/// Flags for send and recv that make them spin instead of sleep.
inline int wait_flags(const Options& o) noexcept { return o.polling() ? MSG_DONTWAIT : 0; }

}  // namespace bench::raw
