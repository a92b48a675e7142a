// WebSocket as a Layer.
#pragma once

#include "transport/layer.hpp"
#include "transport/ws/upgrade.hpp"

#include <parley/transport/ws_options.hpp>

#include <memory>

namespace parley::transport {

/// Errors of the handshake: error::refused_by_peer, handshake_failed. Afterwards: error::malformed for a peer that
/// breaks the protocol, sends text, or closes with a reason that is not UTF-8, which ends the connection with code
/// 1002, 1003 or 1007; message_too_large, with 1009; refused_by_peer for a peer that closes for such a reason.
[[nodiscard]] std::unique_ptr<Layer> make_ws_client(ClientUpgrade upgrade, const WsOptions& options, Below& below);
[[nodiscard]] std::unique_ptr<Layer> make_ws_server(ServerUpgrade upgrade, const WsOptions& options, Below& below);

/// For ClientUpgrade::key.
[[nodiscard]] std::string make_ws_key();

}  // namespace parley::transport
