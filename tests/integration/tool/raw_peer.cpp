#include "raw_peer.hpp"

#include "tool_process.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace parley::test {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// tcp://127.0.0.1:PORT or unix:///PATH
Address parse(const std::string& endpoint) {
  Address address;
  if (endpoint.starts_with("unix://")) {
    auto& unix_address = reinterpret_cast<sockaddr_un&>(address.storage);
    unix_address.sun_family = AF_UNIX;
    std::strncpy(unix_address.sun_path, endpoint.c_str() + 7, sizeof unix_address.sun_path - 1);
    address.size = sizeof unix_address;
    return address;
  }
  auto& tcp_address = reinterpret_cast<sockaddr_in&>(address.storage);
  tcp_address.sin_family = AF_INET;
  tcp_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tcp_address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  address.size = sizeof tcp_address;
  return address;
}

int check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int make_socket(const Address& address) {
  const int descriptor = check(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const timeval limit{patience.count(), 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return descriptor;
}

}  // namespace

std::string framed(const std::string& body) { return std::string(3, '\0') + static_cast<char>(body.size()) + body; }

RawPeer::RawPeer(int descriptor) : descriptor_{descriptor} {
  const timeval limit{patience.count(), 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

RawPeer::RawPeer(RawPeer&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

RawPeer::~RawPeer() { close(); }

RawPeer RawPeer::connect(const std::string& endpoint) {
  const Address address = parse(endpoint);
  RawPeer peer{make_socket(address)};
  check(::connect(peer.descriptor_, address.get(), address.size), "connect");
  return peer;
}

void RawPeer::send(const std::string& bytes) const {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t size = ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size < 0) throw std::system_error(errno, std::generic_category(), "send");
    sent += static_cast<std::size_t>(size);
  }
}

void RawPeer::end_sending() const { ::shutdown(descriptor_, SHUT_WR); }

std::string RawPeer::receive(std::size_t size) const {
  std::string bytes;
  char chunk[65536];
  while (bytes.size() < size) {
    const ssize_t count = ::recv(descriptor_, chunk, std::min(sizeof chunk, size - bytes.size()), 0);
    if (count < 0 && errno == EINTR) continue;  // the tests were stopped, and go on
    if (count < 0) throw std::system_error(errno, std::generic_category(), "recv");
    if (count == 0) break;
    bytes.append(chunk, static_cast<std::size_t>(count));
  }
  return bytes;
}

std::string RawPeer::receive_all() const { return receive(std::numeric_limits<std::size_t>::max()); }

void RawPeer::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void RawPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

RawListener::RawListener(const std::string& endpoint) : endpoint_{endpoint} {
  Address address = parse(endpoint);
  descriptor_ = make_socket(address);
  check(::bind(descriptor_, address.get(), address.size), "bind");
  check(::listen(descriptor_, 16), "listen");
  if (endpoint.starts_with("unix://")) return;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(reinterpret_cast<sockaddr_in&>(address.storage).sin_port));
}

RawListener::~RawListener() { ::close(descriptor_); }

RawPeer RawListener::accept() const { return RawPeer{check(::accept(descriptor_, nullptr, nullptr), "accept")}; }

std::string free_endpoint() { return RawListener{"tcp://127.0.0.1:0"}.endpoint(); }

}  // namespace parley::test
