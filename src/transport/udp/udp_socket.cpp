#include "transport/udp/udp_socket.hpp"

#include "transport/bind_addresses.hpp"
#include "transport/sentence.hpp"
#include "transport/udp/multicast.hpp"
#include "transport/udp/udp_endpoint.hpp"

#include <parley/error.hpp>

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

using boost::system::error_code;

constexpr std::size_t udp_header_size = 8;

Descriptor open_socket_for_datagrams(int family) {
  return Descriptor{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

OptionFailure set_int(int descriptor, int level, int name, int value, const char* what) {
  if (::setsockopt(descriptor, level, name, &value, sizeof value) == 0) return {};
  return {last_errno(), what};
}

void require_set(const Endpoint& endpoint, const OptionFailure& failure) {
  if (failure.code) cannot_listen(endpoint, failure.code, "cannot set " + failure.what + ": " + reason(failure.code));
}

/// Has the system keep what comes back about datagrams that could not be delivered, to be counted. On a socket of IPv6
/// both families may be told about.
void ask_for_reports(int descriptor, int family) noexcept {
  (void)set_int(descriptor, IPPROTO_IP, IP_RECVERR, 1, "");
  if (family == AF_INET6) (void)set_int(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1, "");
}

/// Has the system say to which of this machine's addresses a datagram came, where it may be any of them.
void ask_for_destinations(int descriptor, int family) noexcept {
  (void)set_int(descriptor, IPPROTO_IP, IP_PKTINFO, 1, "");
  if (family == AF_INET6) (void)set_int(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "");
}

/// A socket that is bound to the address, or no socket and the reason.
Descriptor bind_one(const Endpoint& endpoint, SocketAddress address, const TransportOptions& options,
                    const UdpOptions& udp, error_code& ec) {
  Descriptor socket = open_socket_for_datagrams(address.family());
  if (socket) {
    const int descriptor = socket.get();
    require_set(endpoint, apply_datagram_options(descriptor, options));
    if (udp.broadcast()) require_set(endpoint, set_int(descriptor, SOL_SOCKET, SO_BROADCAST, 1, "broadcast"));
    // A group is for everybody who wants its datagrams; any other address for one socket, or for those that agree.
    const bool is_group = is_multicast(address);
    if (is_group) {
      require_set(endpoint, set_int(descriptor, SOL_SOCKET, SO_REUSEADDR, 1, "reuse_address"));
      require_set(endpoint, add_scope(address, udp));
    }
    if (options.reuse_port) require_set(endpoint, set_int(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, "reuse_port"));
    if (address.family() == AF_INET6) {
      (void)set_int(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, endpoint.host() == "*" ? 0 : 1, "");
    }
    ask_for_reports(descriptor, address.family());
    if (endpoint.is_wildcard()) ask_for_destinations(descriptor, address.family());
    if (::bind(descriptor, address.data(), address.size) == 0) {
      if (is_group) require_set(endpoint, join_group(descriptor, address, udp));
      return socket;
    }
  }
  ec = last_errno();
  return {};
}

std::string query_of(const Endpoint& endpoint) {
  const std::string text = endpoint.serialize();
  const std::size_t question = text.find('?');
  return question == std::string::npos ? std::string{} : text.substr(question);
}

Endpoint bound_udp_endpoint(const Endpoint& asked, int descriptor) {
  const Endpoint bound = udp_endpoint(local_address(descriptor));
  if (asked.host() == "*") return asked.with_port(bound.port());
  return Endpoint{bound.serialize() + query_of(asked)};
}

}  // namespace

BoundUdpSocket bind_udp(const Endpoint& endpoint, const TransportOptions& options) {
  const UdpOptions udp = udp_options_of(endpoint, options.udp);
  error_code ec = error::no_address;
  for (const SocketAddress& address : addresses_to_bind(endpoint, SOCK_DGRAM)) {
    Descriptor socket = bind_one(endpoint, address, options, udp, ec);
    if (socket) {
      Endpoint local = bound_udp_endpoint(endpoint, socket.get());
      return {std::move(socket), std::move(local)};
    }
    if (!is_absent_here(ec)) break;
  }
  cannot_listen(endpoint, ec, reason(ec));
}

Descriptor connect_udp(SocketAddress address, const TransportOptions& options, const UdpOptions& udp_options,
                       OptionFailure& failure) {
  Descriptor socket = open_socket_for_datagrams(address.family());
  if (!socket) {
    failure = {last_errno(), {}};
    return {};
  }
  failure = apply_datagram_options(socket.get(), options);
  if (!failure.code && udp_options.broadcast()) {
    failure = set_int(socket.get(), SOL_SOCKET, SO_BROADCAST, 1, "broadcast");
  }
  if (!failure.code && is_multicast(address)) {
    failure = apply_multicast_sending(socket.get(), address.family(), udp_options);
    if (!failure.code) failure = add_scope(address, udp_options);
  }
  if (failure.code) return {};
  if (::connect(socket.get(), address.data(), address.size) == 0) return socket;
  failure = {last_errno(), {}};
  return {};
}

std::uint32_t dropped_by_system(int descriptor) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

std::size_t take_unreachable_reports(int descriptor) noexcept {
  std::size_t count = 0;
  for (;;) {
    // Only that there is one counts: what it says, and the datagram it is about, are left out.
    msghdr header{};
    if (::recvmsg(descriptor, &header, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
      ++count;
    } else if (errno != EINTR) {
      return count;
    }
  }
}

std::size_t path_size_max(int descriptor, int family) noexcept {
  const bool is_v4 = family == AF_INET;
  const std::size_t headers_size = (is_v4 ? 20 : 40) + udp_header_size;
  int mtu = 0;
  socklen_t size = sizeof mtu;
  const int level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (::getsockopt(descriptor, level, is_v4 ? IP_MTU : IPV6_MTU, &mtu, &size) != 0) return 0;
  return mtu > static_cast<int>(headers_size) ? static_cast<std::size_t>(mtu) - headers_size : 0;
}

Endpoint udp_endpoint(const SocketAddress& address) {
  const Endpoint as_stream = to_endpoint(address).value();  // an IP address always is one
  return Endpoint::udp(as_stream.host(), as_stream.port());
}

}  // namespace parley::transport
