// In-process connections: messages handed over as they are, without a socket and without encoding, between any
// executors and threads of one process.
#pragma once

#include "connection/listener_backend.hpp"
#include "connection/state.hpp"

#include <memory>

namespace parley::detail {

/// Throws Error when the name is taken.
[[nodiscard]] std::shared_ptr<ListenerBackend> make_inproc_listener(const boost::asio::any_io_executor& executor,
                                                                    const Endpoint& endpoint, ListenerOptions options);

/// Null, with `ec` no_listener or too_many_connections, when there is nothing to connect to.
[[nodiscard]] std::shared_ptr<ConnectionState> connect_inproc(const boost::asio::any_io_executor& executor,
                                                              const Endpoint& endpoint, ConnectionOptions options,
                                                              boost::system::error_code& ec);

}  // namespace parley::detail
