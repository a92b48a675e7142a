// Connections accepted as streams, for every scheme made of them.
#pragma once

#include "connection/listener_backend.hpp"

#include <memory>

namespace parley::detail {

[[nodiscard]] std::shared_ptr<ListenerBackend> make_stream_listener(const boost::asio::any_io_executor& executor,
                                                                    const Endpoint& endpoint, ListenerOptions options);

}  // namespace parley::detail
