// What transports ask for when an endpoint is one of channels.
#include "transport/mux_scheme.hpp"

#include "mux/channel_acceptor.hpp"
#include "mux/endpoint.hpp"
#include "mux/session_pool.hpp"

#include <utility>

namespace parley::transport::detail {

void check_mux_client(const Endpoint& endpoint, const TransportOptions& options) {
  (void)mux::detail::options_of(endpoint);
  // The caller has looked at host and port, and of the streams beneath only these have more to be looked at.
  if (endpoint.scheme() == Scheme::mux_tls) require_connectable(mux::detail::endpoint_beneath(endpoint), options);
}

void connect_channel(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                     StreamConnectOptions options, ConnectHandler handler) {
  mux::detail::SessionPool::of(executor)
      .at(endpoint, options.transport())
      ->connect(executor, std::move(options), std::move(handler));
}

std::shared_ptr<AcceptorState> accept_channels(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                                               const TransportOptions& options) {
  return std::make_shared<mux::detail::ChannelAcceptor>(executor, endpoint, options);
}

}  // namespace parley::transport::detail
