#include "transport/socket_address.hpp"

#include <boost/asio/ip/address.hpp>

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace parley::transport {
namespace {

namespace ip = boost::asio::ip;

template <class Address>
Address load(const SocketAddress& from) noexcept {
  Address address;
  std::memcpy(&address, &from.storage, sizeof address);
  return address;
}

template <class Address>
SocketAddress store(const Address& address, std::size_t size = sizeof(Address)) noexcept {
  SocketAddress to;
  std::memcpy(&to.storage, &address, sizeof address);
  to.size = static_cast<socklen_t>(size);
  return to;
}

SocketAddress from_ip(const ip::address& address, std::uint16_t port) noexcept {
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    return store(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const auto bytes = address.to_v6().to_bytes();
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  v6.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
  return store(v6);
}

struct HostAndPort {
  ip::address host;
  std::uint16_t port;
};

std::optional<HostAndPort> ip_of(const SocketAddress& address) noexcept {
  if (address.size >= sizeof(sockaddr_in) && address.family() == AF_INET) {
    const auto v4 = load<sockaddr_in>(address);
    return HostAndPort{ip::address_v4{ntohl(v4.sin_addr.s_addr)}, ntohs(v4.sin_port)};
  }
  if (address.size >= sizeof(sockaddr_in6) && address.family() == AF_INET6) {
    const auto v6 = load<sockaddr_in6>(address);
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    const ip::address_v6 host{bytes, v6.sin6_scope_id};
    if (host.is_v4_mapped()) return HostAndPort{ip::make_address_v4(ip::v4_mapped, host), ntohs(v6.sin6_port)};
    return HostAndPort{host, ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

// The path, or the NUL and the abstract name; empty if the socket has no name.
std::string unix_name_of(const SocketAddress& address) {
  if (address.family() != AF_UNIX || address.size <= offsetof(sockaddr_un, sun_path)) return {};
  const auto local = load<sockaddr_un>(address);
  std::string name(local.sun_path, std::min(sizeof local.sun_path, address.size - offsetof(sockaddr_un, sun_path)));
  if (name.front() != '\0')
    name.resize(std::min(name.size(), name.find('\0')));  // the kernel counts the NUL at its end
  return name;
}

}  // namespace

SocketAddress unix_address(const Endpoint& endpoint) {
  const std::string path = endpoint.unix_path();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path));
  // An abstract name ends where the address does; a path has a NUL.
  const std::size_t terminator = endpoint.is_abstract() ? 0 : 1;
  return store(address, std::min(offsetof(sockaddr_un, sun_path) + path.size() + terminator, sizeof address));
}

std::optional<SocketAddress> literal_address(std::string_view host, std::uint16_t port) {
  boost::system::error_code ec;
  const ip::address address = ip::make_address(std::string{host}, ec);
  if (ec) return std::nullopt;
  return from_ip(address, port);
}

SocketAddress any_address(int family, std::uint16_t port) {
  if (family == AF_INET) return from_ip(ip::address_v4::any(), port);
  return from_ip(ip::address_v6::any(), port);
}

bool is_loopback(const SocketAddress& address) noexcept {
  if (address.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
  }
  if (address.family() != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address.storage, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return v6.sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
}

SocketAddress local_address(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(descriptor, address.data(), &address.size) != 0) address.size = 0;
  return address;
}

SocketAddress remote_address(int descriptor) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getpeername(descriptor, address.data(), &address.size) != 0) address.size = 0;
  return address;
}

std::optional<Endpoint> to_endpoint(const SocketAddress& address) {
  try {
    if (const auto peer = ip_of(address)) return Endpoint::tcp(peer->host.to_string(), peer->port);
    const std::string name = unix_name_of(address);
    if (name.empty()) return std::nullopt;
    if (name.front() == '\0') return Endpoint::unix_abstract(std::string_view{name}.substr(1));
    return Endpoint::unix_path(name);
  } catch (const EndpointError&) {
    return std::nullopt;  // a relative path, say
  }
}

std::string to_text(const SocketAddress& address) {
  if (const auto peer = ip_of(address)) {
    const std::string host = peer->host.is_v6() ? "[" + peer->host.to_string() + "]" : peer->host.to_string();
    return host + ":" + std::to_string(peer->port);
  }
  std::string name = unix_name_of(address);
  if (!name.empty() && name.front() == '\0') name.front() = '@';
  return name;
}

}  // namespace parley::transport
