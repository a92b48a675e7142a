// A Connection over a socket the program already has: accepted by its own Asio code, or inherited.
//
// make_stream() takes the socket over and leaves it closed; the Connection takes the stream. Everything works as with a
// socket of the library's own. Options of the socket stay as they are unless TransportOptions are given.

#include "../check.hpp"

#include <parley/parley.hpp>
#include <parley/transport/adapter.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>
#include <optional>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<void> serve_one(tcp::acceptor& acceptor) {
  tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
  socket.set_option(asio::socket_base::keep_alive{true});

  parley::TransportOptions transport;  // no-delay is on by default, and wanted: the library gathers messages itself
  parley::Connection peer{parley::transport::make_stream(std::move(socket), transport)};
  std::cout << "accepted " << peer.remote_endpoint() << " at " << peer.local_endpoint() << '\n';
  while (std::optional<parley::Message> message = co_await peer.next()) co_await peer.send(*message);
}

asio::awaitable<void> client(parley::Endpoint server) {
  parley::Connection connection = co_await parley::connect(server);
  co_await connection.send("over a socket of the program's own");
  check((co_await connection.receive()) == "over a socket of the program's own", "echoed");
  co_await connection.close();
}

int main() {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  const auto server = parley::Endpoint::tcp("127.0.0.1", acceptor.local_endpoint().port());
  asio::co_spawn(context, serve_one(acceptor), rethrow);
  asio::co_spawn(context, client(server), rethrow);
  context.run();
}
