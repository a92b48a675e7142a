// Descriptors for datagrams, before any event loop knows of them.
#pragma once

#include "transport/descriptor.hpp"
#include "transport/socket_address.hpp"
#include "transport/socket_options.hpp"

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <cstdint>

namespace parley::transport {

struct BoundUdpSocket {
  Descriptor descriptor;
  /// With the real port.
  Endpoint local;
};

/// Bound, and a member of the group if the endpoint is one. Blocks while a host name is looked up. Throws Error as a
/// Listener does, and std::invalid_argument for parameters that make no sense.
[[nodiscard]] BoundUdpSocket bind_udp(const Endpoint& endpoint, const TransportOptions& options);

/// A socket that sends to `address` and hears of nobody else; or none, and `failure` says why. `options` are those of
/// udp_options_of().
[[nodiscard]] Descriptor connect_udp(SocketAddress address, const TransportOptions& options,
                                     const UdpOptions& udp_options, OptionFailure& failure);

/// Datagrams that the system dropped at this socket since it was made, modulo 2^32: its buffer was full, or their
/// checksum wrong.
[[nodiscard]] std::uint32_t dropped_by_system(int descriptor) noexcept;

/// Takes the reports of what could not be delivered off the socket; how many there were.
std::size_t take_unreachable_reports(int descriptor) noexcept;

/// The most that the path of a connected socket takes in one datagram without IP's and UDP's headers, as far as the
/// system knows; 0 where it does not.
[[nodiscard]] std::size_t path_size_max(int descriptor, int family) noexcept;

/// An endpoint, of a datagram's address.
[[nodiscard]] Endpoint udp_endpoint(const SocketAddress& address);

}  // namespace parley::transport
