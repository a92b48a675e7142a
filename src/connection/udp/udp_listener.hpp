// Connections accepted from one socket for datagrams: one for each address that something comes from.
#pragma once

#include "connection/listener_backend.hpp"

#include <memory>

namespace parley::detail {

/// Throws as the Listener's constructor says.
[[nodiscard]] std::shared_ptr<ListenerBackend> make_udp_listener(const boost::asio::any_io_executor& executor,
                                                                 const Endpoint& endpoint, ListenerOptions options);

}  // namespace parley::detail
