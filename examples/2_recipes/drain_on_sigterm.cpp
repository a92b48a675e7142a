// Stopping a server in order: at SIGTERM (or SIGINT) it accepts no more, finishes what it has begun, and returns.
//
// serve_until_signal() is the only place of the library that looks at signals, and only while it runs. Handlers that
// have not ended when `drain` is over are cancelled; a second signal ends the patience at once.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// The signal comes in the middle of the work: here the handler sends it to its own process, elsewhere an operator
/// does.
asio::awaitable<void> work(parley::Connection peer) {
  while (std::optional<parley::Message> order = co_await peer.next()) {
    std::raise(SIGTERM);
    co_await peer.send("done: " + order->text());
  }
}

asio::awaitable<void> serve(parley::Listener& listener, bool& drained) {
  co_await parley::serve_until_signal(listener, work, 10s);
  drained = true;
  std::cout << "server: drained\n";
}

asio::awaitable<void> client(parley::Endpoint server) {
  parley::Connection connection = co_await parley::connect(server);
  co_await connection.send("a long job");
  check((co_await connection.receive(10s)) == "done: a long job", "what was begun is finished");
  co_await connection.close();  // and so its handler ends
}

asio::awaitable<void> late_client(parley::Endpoint server) {
  try {
    (void)co_await parley::connect(server);
    check(false, "nobody listens any more");
  } catch (const parley::Error& e) {
    std::cout << e.what() << '\n';
  }
}

int main() {
  asio::io_context context;
  parley::Listener listener{context, "tcp://127.0.0.1:0"};
  const parley::Endpoint at = listener.local_endpoint();

  bool drained = false;
  asio::co_spawn(context, serve(listener, drained), rethrow);
  asio::co_spawn(context, client(at), rethrow);
  context.run();
  check(drained, "serve_until_signal() returned when the last handler had ended");

  context.restart();
  asio::co_spawn(context, late_client(at), rethrow);
  context.run();
}
