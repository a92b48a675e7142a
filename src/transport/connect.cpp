#include <parley/transport/connect.hpp>

#include "transport/connect_op.hpp"
#include "transport/dialable.hpp"
#include "transport/inproc_acceptor.hpp"
#include "transport/mux_scheme.hpp"
#include "transport/scheme_layers.hpp"

#include <parley/detail/post_completion.hpp>

#include <memory>
#include <utility>

namespace parley::transport::detail {

void require_connectable(const Endpoint& endpoint, const TransportOptions& options) {
  require_one_peer(endpoint);
  if (endpoint.scheme() == Scheme::udp) {
    refuse_to_connect(endpoint, "datagrams are no stream; what sends and receives them is a Connection");
  }
  if (is_layered(endpoint.scheme())) check_client(endpoint, options);
  if (is_mux(endpoint.scheme())) check_mux_client(endpoint, options);
}

namespace {

void connect_inproc(const boost::asio::any_io_executor& executor, const Endpoint& endpoint,
                    const StreamConnectOptions& options, ConnectHandler handler) {
  boost::system::error_code ec = error::no_listener;
  Stream stream;
  if (const auto acceptor = InprocNames::instance().find<InprocAcceptor>(endpoint.name())) {
    ec = {};
    stream = acceptor->connect(executor, ec);
  }
  if (ec && options.failure_to()) {
    *options.failure_to() = "cannot connect to " + endpoint.to_string() + ": " + ec.message();
  }
  parley::detail::post_completion(std::move(handler), executor, ec, std::move(stream));
}

}  // namespace

void start_connect(boost::asio::any_io_executor executor, Endpoint endpoint, StreamConnectOptions options,
                   ConnectHandler handler) {
  if (endpoint.scheme() == Scheme::inproc) {
    connect_inproc(executor, endpoint, options, std::move(handler));
    return;
  }
  if (is_mux(endpoint.scheme())) {
    connect_channel(executor, endpoint, std::move(options), std::move(handler));
    return;
  }
  std::make_shared<ConnectOp>(std::move(executor), std::move(endpoint), std::move(options), std::move(handler))
      ->start();
}

}  // namespace parley::transport::detail
