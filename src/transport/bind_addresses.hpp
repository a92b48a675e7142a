// The addresses to bind for an endpoint with a host and a port.
#pragma once

#include "transport/socket_address.hpp"

#include <parley/endpoint.hpp>

#include <boost/system/error_code.hpp>

#include <string>
#include <vector>

namespace parley::transport {

/// In the order in which to try them: `*` is both families at once, then IPv4. `socket_type` is SOCK_STREAM or
/// SOCK_DGRAM. Blocks while a host name is looked up. Throws Error, as cannot_listen() does.
[[nodiscard]] std::vector<SocketAddress> addresses_to_bind(const Endpoint& endpoint, int socket_type);

/// That this machine does not have, though another of the same name may do.
[[nodiscard]] bool is_absent_here(const boost::system::error_code& ec) noexcept;

/// Throws Error.
[[noreturn]] void cannot_listen(const Endpoint& endpoint, boost::system::error_code ec, const std::string& why);

}  // namespace parley::transport
