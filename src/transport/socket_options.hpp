// TransportOptions put onto a descriptor.
#pragma once

#include "transport/socket_address.hpp"

#include <parley/transport/options.hpp>

#include <boost/system/error_code.hpp>

#include <string>

namespace parley::transport {

/// What could not be set, for a sentence, and why. `code` is clear when all went well.
struct OptionFailure {
  boost::system::error_code code;
  std::string what;
};

/// For a connected socket, one about to connect, or one about to listen (TCP connections inherit from the listener;
/// Unix ones do not). `family` is AF_INET, AF_INET6 or AF_UNIX.
[[nodiscard]] OptionFailure apply_options(int descriptor, int family, const TransportOptions& options);

/// For a socket of datagrams, before it is bound or connected.
[[nodiscard]] OptionFailure apply_datagram_options(int descriptor, const TransportOptions& options);

/// For a TCP socket that is about to connect to `address`, or to be bound to it: where that is this machine, and the
/// options name no congestion control, it does without pacing.
void spare_loopback(int descriptor, const SocketAddress& address, const TransportOptions& options) noexcept;

}  // namespace parley::transport
