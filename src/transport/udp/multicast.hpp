// Groups of multicast: joining them, and sending to them.
#pragma once

#include "transport/socket_address.hpp"
#include "transport/socket_options.hpp"

#include <parley/transport/udp_options.hpp>

namespace parley::transport {

[[nodiscard]] bool is_multicast(const SocketAddress& address) noexcept;

/// Groups of IPv6 are addresses on an interface; this says on which, where the address does not.
[[nodiscard]] OptionFailure add_scope(SocketAddress& group, const UdpOptions& options);

/// Makes a bound socket a member, on the interface and for the source that `options` name.
[[nodiscard]] OptionFailure join_group(int descriptor, const SocketAddress& group, const UdpOptions& options);

/// What a socket that sends to a group sends on, how far, and whether to itself.
[[nodiscard]] OptionFailure apply_multicast_sending(int descriptor, int family, const UdpOptions& options);

}  // namespace parley::transport
