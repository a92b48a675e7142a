// 4. Many clients: serve() runs one coroutine for each connection.
//
// What to see: the handler is written for one peer; a handler that throws ends its own connection only; closing the
// listener lets running handlers finish, and serve() returns when they have.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;

constexpr int client_count = 100;

asio::awaitable<void> square(parley::Connection peer) {
  while (std::optional<parley::Message> message = co_await peer.next()) {
    const int number = std::stoi(message->text());  // throws for what is no number
    co_await peer.send(std::to_string(number * number));
  }
}

asio::awaitable<void> ask(parley::Endpoint server, int number) {
  parley::Connection connection = co_await parley::connect(server);
  co_await connection.send(std::to_string(number));
  const parley::Message answer = co_await connection.receive();
  check(answer == std::to_string(number * number), "each client gets its own answer");
  co_await connection.close();
}

/// Its handler throws, and so its connection ends. Nobody else notices.
asio::awaitable<void> ask_nonsense(parley::Endpoint server) {
  parley::Connection connection = co_await parley::connect(server);
  co_await connection.send("not a number");
  check(!(co_await connection.next()), "the server has closed this connection");
}

int main() {
  asio::io_context context;
  parley::ListenerOptions options;
  options.connections_max = 32;  // further ones wait in the system's backlog until one of these ends
  parley::Listener listener{context, "tcp://127.0.0.1:0", options};

  bool served = false;
  asio::co_spawn(context, parley::serve(listener, square), [&](std::exception_ptr thrown) {
    rethrow(thrown);
    served = true;
  });

  int clients = client_count + 1;
  const auto one_less = [&](std::exception_ptr thrown) {
    rethrow(thrown);
    if (--clients == 0) listener.close();
  };
  for (int number = 0; number < client_count; ++number) {
    asio::co_spawn(context, ask(listener.local_endpoint(), number), one_less);
  }
  asio::co_spawn(context, ask_nonsense(listener.local_endpoint()), one_less);
  context.run();

  check(clients == 0, "all clients were answered");
  check(served, "serve() returned after the last handler");
  std::cout << client_count << " clients answered\n";
}
