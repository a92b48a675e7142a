// Dialling with datagrams: from an endpoint to a connection with a socket of its own.
#pragma once

#include "connection/state.hpp"

#include <parley/connection/connect.hpp>

#include <memory>
#include <string>

namespace parley::detail {

/// Refuses what can never work: wildcards, parameters and framings. Throws std::invalid_argument.
void check_udp_client(const Endpoint& endpoint, const ConnectOptions& options);

/// Nobody is asked for anything, except for the addresses of a host name. `why` gets the sentence of a failure.
void connect_udp(const boost::asio::any_io_executor& executor, const Endpoint& endpoint, const ConnectOptions& options,
                 std::shared_ptr<std::string> why, Handler<Connection> handler);

}  // namespace parley::detail
