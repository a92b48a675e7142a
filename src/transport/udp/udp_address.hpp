// Addresses of datagrams: as small as they can be, since each peer of a listener has one.
#pragma once

#include "policy/datagram_peers.hpp"
#include "transport/socket_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>

namespace parley::transport {

/// An IPv4 or IPv6 address with its port; the size tells which. Of a socket that is connected, and needs none, it is
/// empty.
struct UdpAddress {
  union {
    sockaddr_in v4;
    sockaddr_in6 v6{};
  };
  socklen_t size = 0;

  UdpAddress() noexcept {}
  explicit UdpAddress(const SocketAddress& address) noexcept : size{address.size} {
    std::memcpy(&v6, &address.storage, sizeof v6);
  }

  [[nodiscard]] SocketAddress whole() const noexcept {
    SocketAddress address;
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = size;
    return address;
  }
  [[nodiscard]] bool operator==(const UdpAddress& other) const noexcept {
    return size == other.size && std::memcmp(&v6, &other.v6, size) == 0;
  }
  /// By which peers are told apart.
  [[nodiscard]] policy::DatagramAddress key() const noexcept {
    policy::DatagramAddress key;
    key.port = v4.sin_port;  // both families have it at the same place
    if (v4.sin_family == AF_INET) {
      key.low = std::uint64_t{0xffff} << 32 | v4.sin_addr.s_addr;
    } else {
      std::memcpy(&key.high, v6.sin6_addr.s6_addr, sizeof key.high);
      std::memcpy(&key.low, v6.sin6_addr.s6_addr + sizeof key.high, sizeof key.low);
      key.scope = v6.sin6_scope_id;
    }
    return key;
  }
};

/// One of this machine's addresses, to which a datagram was sent, and from which it is to be answered. Who is bound to
/// a wildcard has to remember it: the system might choose another, from which the peer expects nothing.
struct UdpSource {
  in6_addr v6{};
  in_addr v4{};
  int family = AF_UNSPEC;  ///< AF_UNSPEC: the system's choice

  /// What the system said beside a datagram.
  static UdpSource of(msghdr& header) noexcept;

  /// Room for either of the two in a control message.
  static constexpr std::size_t control_size = CMSG_SPACE(sizeof(in6_pktinfo));
  /// Has what `header` sends leave from there. `control` has that much room, and is aligned as a cmsghdr.
  void put(msghdr& header, unsigned char* control) const noexcept;
};

}  // namespace parley::transport
