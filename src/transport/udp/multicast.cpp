#include "transport/udp/multicast.hpp"

#include "transport/sentence.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>

namespace parley::transport {
namespace {

/// Without the port.
bool is_same_host(const sockaddr& a, const SocketAddress& b) noexcept {
  if (a.sa_family != b.family()) return false;
  if (a.sa_family == AF_INET) {
    return std::memcmp(&reinterpret_cast<const sockaddr_in&>(a).sin_addr,
                       &reinterpret_cast<const sockaddr_in*>(&b.storage)->sin_addr, sizeof(in_addr)) == 0;
  }
  return std::memcmp(&reinterpret_cast<const sockaddr_in6&>(a).sin6_addr,
                     &reinterpret_cast<const sockaddr_in6*>(&b.storage)->sin6_addr, sizeof(in6_addr)) == 0;
}

/// 0: there is none.
unsigned interface_with(const SocketAddress& address) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return 0;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned{first, &::freeifaddrs};
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr != nullptr && is_same_host(*each->ifa_addr, address)) return ::if_nametoindex(each->ifa_name);
  }
  return 0;
}

/// 0: the system's choice, or none and a failure.
unsigned interface_index(const UdpOptions& options, OptionFailure& failure) {
  const std::string& name = options.multicast_interface();
  if (name.empty()) return 0;
  const auto address = literal_address(name, 0);
  const unsigned index = address ? interface_with(*address) : ::if_nametoindex(name.c_str());
  if (index == 0) failure = {from_errno(ENODEV), "the interface of multicast to \"" + name + '"'};
  return index;
}

OptionFailure set_option(int descriptor, int level, int name, const void* value, std::size_t size,
                         const std::string& what) {
  if (::setsockopt(descriptor, level, name, value, static_cast<socklen_t>(size)) == 0) return {};
  return {last_errno(), what};
}

int level_of(int family) noexcept { return family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6; }

}  // namespace

bool is_multicast(const SocketAddress& address) noexcept {
  if (address.family() == AF_INET) {
    return IN_MULTICAST(ntohl(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr.s_addr));
  }
  return address.family() == AF_INET6 &&
         IN6_IS_ADDR_MULTICAST(&reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr) != 0;
}

OptionFailure add_scope(SocketAddress& group, const UdpOptions& options) {
  auto& v6 = reinterpret_cast<sockaddr_in6&>(group.storage);
  OptionFailure failure;
  if (group.family() == AF_INET6 && v6.sin6_scope_id == 0) v6.sin6_scope_id = interface_index(options, failure);
  return failure;
}

OptionFailure join_group(int descriptor, const SocketAddress& group, const UdpOptions& options) {
  OptionFailure failure;
  const unsigned index = interface_index(options, failure);
  if (failure.code) return failure;
  const int level = level_of(group.family());
  if (options.multicast_source().empty()) {
    group_req request{};
    request.gr_interface = index;
    request.gr_group = group.storage;
    return set_option(descriptor, level, MCAST_JOIN_GROUP, &request, sizeof request, "membership of the group");
  }
  const auto source = literal_address(options.multicast_source(), 0);
  if (!source || source->family() != group.family()) {
    return {from_errno(EINVAL), "the source of multicast to \"" + options.multicast_source() + '"'};
  }
  group_source_req request{};
  request.gsr_interface = index;
  request.gsr_group = group.storage;
  request.gsr_source = source->storage;
  return set_option(descriptor, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof request, "membership of the group");
}

OptionFailure apply_multicast_sending(int descriptor, int family, const UdpOptions& options) {
  OptionFailure failure;
  const int index = static_cast<int>(interface_index(options, failure));
  const int ttl = options.multicast_ttl();
  const int loop = options.multicast_loop() ? 1 : 0;
  const bool is_v4 = family == AF_INET;
  const int level = level_of(family);
  const auto set = [&](int name, const auto& value, const char* what) {
    if (!failure.code) failure = set_option(descriptor, level, name, &value, sizeof value, what);
  };
  if (index != 0 && is_v4) {
    ip_mreqn interface {};
    interface.imr_ifindex = index;
    // Named by an address, it sends from there; else from whatever the system chooses.
    const auto from = literal_address(options.multicast_interface(), 0);
    if (from && from->family() == AF_INET) {
      interface.imr_address = reinterpret_cast<const sockaddr_in*>(&from->storage)->sin_addr;
    }
    set(IP_MULTICAST_IF, interface, "multicast_interface");
  } else if (index != 0) {
    set(IPV6_MULTICAST_IF, index, "multicast_interface");
  }
  set(is_v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, ttl, "multicast_ttl");
  set(is_v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, loop, "multicast_loop");
  return failure;
}

}  // namespace parley::transport
