// What the parameters of a udp:// endpoint say.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/transport/udp_options.hpp>

namespace parley::transport {

/// The host is an address of multicast. A name is not looked up for this.
[[nodiscard]] bool is_multicast(const Endpoint& endpoint);

/// `options` with what the endpoint's parameters say in their place. Throws std::invalid_argument for parameters, and
/// options, that make no sense.
[[nodiscard]] UdpOptions udp_options_of(const Endpoint& endpoint, UdpOptions options);

}  // namespace parley::transport
