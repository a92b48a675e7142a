#include <parley/connection/connect.hpp>

#include "connection/check_connect.hpp"
#include "connection/framed.hpp"
#include "connection/inproc.hpp"
#include "connection/udp/udp_client.hpp"
#include "detail/as_result.hpp"

#include <parley/detail/post_completion.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

/// The sentence of a failed connect, for the form that throws.
using Why = std::shared_ptr<std::string>;

void connect_in_process(const asio::any_io_executor& io, const Endpoint& endpoint, const ConnectOptions& options,
                        const Why& why, Handler<Connection> handler) {
  error_code ec;
  auto state = connect_inproc(io, endpoint, options.connection(), ec);
  if (ec) *why = "cannot connect to " + endpoint.to_string() + ": " + ec.message();
  post_completion(std::move(handler), io, ec, Connection{std::move(state)});
}

void connect_stream(const asio::any_io_executor& io, const Endpoint& endpoint, const ConnectOptions& options,
                    const Why& why, Handler<Connection> handler) {
  transport::StreamConnectOptions stream_options;
  stream_options.deadline(options.deadline().value_or(Deadline{ConnectOptions::default_time_out}))
      .transport(options.transport())
      .failure_to(why);
  auto executor = asio::get_associated_executor(handler, io);
  auto slot = asio::get_associated_cancellation_slot(handler);
  auto on_stream = [why, connection_options = options.connection(), handler = std::move(handler)](
                       error_code ec, transport::Stream stream) mutable {
    Connection connection;
    if (!ec) connection = Connection{std::move(stream), std::move(connection_options)};
    std::move(handler)(ec, std::move(connection));
  };
  transport::async_connect(io, endpoint, stream_options,
                           asio::bind_cancellation_slot(slot, asio::bind_executor(executor, std::move(on_stream))));
}

void start(const asio::any_io_executor& io, const Endpoint& endpoint, const ConnectOptions& options, const Why& why,
           Handler<Connection> handler) {
  if (endpoint.scheme() == Scheme::inproc) {
    connect_in_process(io, endpoint, options, why, std::move(handler));
  } else if (endpoint.scheme() == Scheme::udp) {
    connect_udp(io, endpoint, options, why, std::move(handler));
  } else {
    connect_stream(io, endpoint, options, why, std::move(handler));
  }
}

asio::awaitable<Connection> connect_throwing(Endpoint endpoint, ConnectOptions options) {
  const asio::any_io_executor io = co_await asio::this_coro::executor;
  const Why why = std::make_shared<std::string>();
  check_connect(endpoint, options);
  auto [ec, connection] = co_await await_result<void(error_code, Connection)>(
      [&](auto handler) { start(io, endpoint, options, why, Handler<Connection>{std::move(handler)}); });
  if (ec) {
    throw Error{ec, why->empty() ? "cannot connect to " + endpoint.to_string() + ": " + ec.message() : *why};
  }
  co_return std::move(connection);
}

}  // namespace

void check_connect(const Endpoint& endpoint, const ConnectOptions& options) {
  (void)wire::make_decoder(options.connection().framing, options.connection().message_size_max);
  check_framing(endpoint, options.connection().framing, options.transport());
  if (endpoint.scheme() == Scheme::udp) {
    check_udp_client(endpoint, options);
  } else if (endpoint.scheme() != Scheme::inproc) {
    transport::detail::require_connectable(endpoint, options.transport());
  }
}

void start_connect(asio::any_io_executor io, Endpoint endpoint, ConnectOptions options, Handler<Connection> handler) {
  check_connect(endpoint, options);
  start(io, endpoint, options, std::make_shared<std::string>(), std::move(handler));
}

}  // namespace detail

asio::awaitable<Connection> connect(Endpoint endpoint, ConnectOptions options) {
  return detail::connect_throwing(std::move(endpoint), std::move(options));
}

}  // namespace parley
