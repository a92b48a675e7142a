#include <parley/transport/connect.hpp>

#include "transport/connect_op.hpp"
#include "transport/scheme_layers.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

namespace parley::transport::detail {

void require_connectable(const Endpoint& endpoint, const TransportOptions& options) {
  const auto refuse = [&](const char* why) {
    throw std::invalid_argument{"cannot connect to " + endpoint.to_string() + ": " + why};
  };
  if (endpoint.scheme() == Scheme::inproc) refuse("an in-process endpoint is not made of streams");
  if (endpoint.is_wildcard()) refuse("a wildcard host is for listening only");
  if (endpoint.has_port() && endpoint.port() == 0) refuse("port 0 is for listening only");
  if (is_layered(endpoint.scheme())) check_client(endpoint, options);
}

void start_connect(boost::asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
                   ConnectHandler handler) {
  std::make_shared<ConnectOp>(std::move(executor), std::move(endpoint), std::move(options), std::move(handler))
      ->start();
}

}  // namespace parley::transport::detail
