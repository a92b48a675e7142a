// Where a peer is, as communica's programs hand it to each other: the JSON text of a connector.
//
//   parley::Endpoint at = parley::rpc::endpoint_of_state(R"({"type": "LocalConnector", "name": "myapp"})");
//   std::string text = parley::rpc::state_of_endpoint("tcp://127.0.0.1:7500");
//
// A TcpConnector is a tcp:// endpoint, or a tls:// one with "ssl"; a LocalConnector is a local:// one. Certificates and
// keys do not travel.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/endpoint.hpp>

#include <string>
#include <string_view>

namespace parley::rpc {

/// What `text`, which may come from anybody, stands for. Throws Error with error::payload_rejected, and a sentence with
/// the place, for all that is no state of these two, or that cannot be an endpoint. Other keys are passed over.
[[nodiscard]] PARLEY_EXPORT Endpoint endpoint_of_state(std::string_view text);

/// The text, as the original writes it. Throws std::invalid_argument for an endpoint that no connector stands for: of
/// another scheme, with parameters, of the host `*`, or a Unix socket that has no Endpoint::local_name().
[[nodiscard]] PARLEY_EXPORT std::string state_of_endpoint(const Endpoint& endpoint);

}  // namespace parley::rpc
