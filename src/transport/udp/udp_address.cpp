#include "transport/udp/udp_address.hpp"

namespace parley::transport {
namespace {

template <class Info>
Info info_in(const cmsghdr* message) noexcept {
  Info info;
  std::memcpy(&info, CMSG_DATA(message), sizeof info);
  return info;
}

template <class Info>
void put_info(msghdr& header, unsigned char* control, int level, int type, const Info& info) noexcept {
  header.msg_control = control;
  header.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* message = CMSG_FIRSTHDR(&header);
  message->cmsg_level = level;
  message->cmsg_type = type;
  message->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(message), &info, sizeof info);
}

}  // namespace

UdpSource UdpSource::of(msghdr& header) noexcept {
  UdpSource source;
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      source.v4 = info_in<in_pktinfo>(each).ipi_spec_dst;
      source.family = AF_INET;
      return source;  // a socket of IPv6 tells it in both ways
    }
    if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      source.v6 = info_in<in6_pktinfo>(each).ipi6_addr;
      source.family = AF_INET6;
    }
  }
  // A group is nobody's address.
  if (source.family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&source.v6)) source.family = AF_UNSPEC;
  return source;
}

void UdpSource::put(msghdr& header, unsigned char* control) const noexcept {
  if (family == AF_INET) {
    in_pktinfo info{};
    info.ipi_spec_dst = v4;
    put_info(header, control, IPPROTO_IP, IP_PKTINFO, info);
  } else if (family == AF_INET6) {
    in6_pktinfo info{};
    info.ipi6_addr = v6;
    put_info(header, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

}  // namespace parley::transport
