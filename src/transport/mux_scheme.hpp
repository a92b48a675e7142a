// Endpoints whose streams are channels. The layer of channels is above this one, so it defines these functions
// (mux/scheme.cpp): whoever connects or accepts streams by an endpoint gets channels as well.
#pragma once

#include "transport/acceptor_state.hpp"

#include <parley/transport/connect.hpp>

#include <memory>

namespace parley::transport::detail {

[[nodiscard]] constexpr bool is_mux(Scheme scheme) noexcept {
  return scheme == Scheme::mux_tcp || scheme == Scheme::mux_tls || scheme == Scheme::mux_unix;
}

/// Throws std::invalid_argument for parameters that make no sense, and for what the stream beneath refuses.
void check_mux_client(const Endpoint& endpoint, const TransportOptions& options);
/// A channel of the session that this context has with the endpoint; of a new one where it has none.
void connect_channel(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                     StreamConnectOptions options, ConnectHandler handler);
/// Channels of every session that is begun there. Throws as Acceptor does.
[[nodiscard]] std::shared_ptr<AcceptorState> accept_channels(const boost::asio::any_io_executor& executor,
                                                             const Endpoint& endpoint, const TransportOptions& options);

}  // namespace parley::transport::detail
