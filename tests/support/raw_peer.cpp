#include "support/raw_peer.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace parley::support {
namespace {

/// Long enough for any machine; only a hang lasts so long.
constexpr timeval wait_max{20, 0};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int checked(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address address_of(const Endpoint& endpoint) {
  Address address;
  if (endpoint.scheme() == Scheme::unix_socket) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    const std::string path = endpoint.unix_path();
    if (path.size() >= sizeof local.sun_path) throw std::invalid_argument{"the path is too long: " + path};
    path.copy(local.sun_path, path.size());
    std::memcpy(&address.storage, &local, sizeof local);
    address.size = sizeof local;
    return address;
  }
  sockaddr_in inet{};
  inet.sin_family = AF_INET;
  inet.sin_port = htons(endpoint.port());
  if (::inet_pton(AF_INET, std::string{endpoint.host()}.c_str(), &inet.sin_addr) != 1) {
    throw std::invalid_argument{"no address: " + endpoint.to_string()};
  }
  std::memcpy(&address.storage, &inet, sizeof inet);
  address.size = sizeof inet;
  return address;
}

int connected(const Endpoint& at) {
  const Address address = address_of(at);
  const int descriptor = checked(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (::connect(descriptor, address.get(), address.size) == 0) return descriptor;
  const int why = errno;
  ::close(descriptor);
  throw std::system_error(why, std::generic_category(), "cannot connect to " + at.to_string());
}

}  // namespace

RawPeer::RawPeer(const Endpoint& at) : RawPeer{connected(at)} {}

RawPeer::RawPeer(int descriptor) : descriptor_{descriptor} {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused for Unix sockets, which never wait
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &wait_max, sizeof wait_max);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &wait_max, sizeof wait_max);
}

RawPeer::RawPeer(RawPeer&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

RawPeer::~RawPeer() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RawPeer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void RawPeer::write_apart(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) write(bytes.substr(i, 1));
}

std::size_t RawPeer::read_some(char* to, std::size_t size) {
  const ssize_t got = ::recv(descriptor_, to, size, 0);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == ECONNRESET) return 0;
  throw std::runtime_error{std::string{"nothing came: "} + std::strerror(errno)};
}

std::string RawPeer::read(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t had = 0; had < size;) {
    const std::size_t got = read_some(bytes.data() + had, size - had);
    if (got == 0) throw std::runtime_error{"ended behind " + std::to_string(had) + " of " + std::to_string(size)};
    had += got;
  }
  return bytes;
}

std::string RawPeer::read_to_end() {
  std::string bytes;
  std::array<char, 4096> chunk;
  while (const std::size_t got = read_some(chunk.data(), chunk.size())) bytes.append(chunk.data(), got);
  return bytes;
}

bool RawPeer::was_reset() {
  int failure = 0;
  socklen_t size = sizeof failure;
  checked(::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &failure, &size), "getsockopt");
  return failure != 0;
}

void RawPeer::end_sending() { ::shutdown(descriptor_, SHUT_WR); }

void RawPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(descriptor_, -1));
}

RawListener::RawListener(std::uint16_t port)
    : descriptor_{checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")} {
  const int on = 1;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const Address address = address_of(Endpoint::tcp("127.0.0.1", port));
  if (::bind(descriptor_, address.get(), address.size) != 0 || ::listen(descriptor_, SOMAXCONN) != 0) {
    const int why = errno;
    ::close(descriptor_);
    throw std::system_error(why, std::generic_category(), "cannot listen");
  }
}

RawListener::~RawListener() { ::close(descriptor_); }

Endpoint RawListener::endpoint() const {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  checked(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&name), &size), "getsockname");
  return Endpoint::tcp("127.0.0.1", ntohs(name.sin_port));
}

RawPeer RawListener::accept() {
  pollfd waiting{descriptor_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(wait_max.tv_sec) * 1000) <= 0) {
    throw std::runtime_error{"nobody connected"};
  }
  return RawPeer{checked(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC), "accept")};
}

}  // namespace parley::support
