// The endpoints between a tunnel and its gateway.
#pragma once

#include "tunnel/options.hpp"

#include <parley/endpoint.hpp>
#include <parley/mux/session.hpp>

#include <string>
#include <string_view>

namespace parley::tool {

/// The value of an option. Throws UsageError for what is no endpoint of yamux.
[[nodiscard]] Endpoint read_mux_endpoint(std::string_view option, const std::string& text);

/// mux+tcp://host:port is tcp://host:port, and so on.
[[nodiscard]] Endpoint stream_endpoint(const Endpoint& mux);
/// And back.
[[nodiscard]] Endpoint mux_endpoint(const Endpoint& stream);

/// How the session is kept.
[[nodiscard]] mux::Options session_options(const CarrierOptions& options);

}  // namespace parley::tool
