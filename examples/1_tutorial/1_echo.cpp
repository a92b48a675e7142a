// 1. Echo: two ends of one TCP connection, exchanging whole messages.
//
// What to see: a Listener binds at once and knows its port; connect() gives a Connection; send() and receive() carry
// messages, not bytes; next() is empty when the peer has closed.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;

asio::awaitable<void> echo(parley::Listener& listener) {
  parley::Connection peer = co_await listener.accept();
  while (std::optional<parley::Message> message = co_await peer.next()) {
    co_await peer.send("server replied: " + message->text());
  }
  std::cout << "server: the client has closed\n";
}

asio::awaitable<void> client(parley::Endpoint server) {
  parley::Connection connection = co_await parley::connect(server);

  co_await connection.send("hello");
  const parley::Message first = co_await connection.receive();
  std::cout << "client: " << first << '\n';
  check(first == "server replied: hello", "the answer belongs to the question");

  // An empty message is a message, and any number may be on their way at once; order is kept.
  co_await connection.send("");
  co_await connection.send(std::string(1'000'000, 'x'));
  check((co_await connection.receive()) == "server replied: ", "an empty message arrives as one");
  const parley::Message large = co_await connection.receive();
  check(large.size() == 1'000'016, "a large message arrives whole");

  // Waits for what was queued to be written and acknowledged; tutorial 5 looks at its report.
  co_await connection.close();
}

int main() {
  asio::io_context context;
  // Port 0 asks for any free port. The listener is bound from here on, so the client cannot come too early.
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  std::cout << "listening at " << listener.local_endpoint() << '\n';

  asio::co_spawn(context, echo(listener), rethrow);
  asio::co_spawn(context, client(listener.local_endpoint()), rethrow);
  context.run();
}
