// Where a stream of bytes may come out of a tunnel: a TCP port or a Unix socket that can be connected to.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/transport/options.hpp>

#include <string>
#include <string_view>

namespace parley::tool {

[[nodiscard]] bool is_destination(const Endpoint& endpoint) noexcept;

/// The value of an option. Throws UsageError for what is none.
[[nodiscard]] Endpoint read_destination(std::string_view option, const std::string& text);
/// The same for a place to listen on: wildcards and port 0 are welcome.
[[nodiscard]] Endpoint read_local_port(std::string_view option, const std::string& text);

/// Of such streams: a peer whose machine has gone is found by the kernel, as nothing else would.
[[nodiscard]] TransportOptions byte_transport();

}  // namespace parley::tool
