// What the options of the tool mean for TLS and WebSocket.
#pragma once

#include "talk_options.hpp"

#include <parley/transport/options.hpp>

namespace parley::tool {

/// Both throw parley::Error for files that cannot be used.
[[nodiscard]] TransportOptions listening_transport(const TalkOptions& options);
[[nodiscard]] TransportOptions connecting_transport(const TalkOptions& options);

}  // namespace parley::tool
