// A client made of handlers that stays connected: its server is restarted, and it comes back by itself.

#include "../check.hpp"
#include "../until.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace app = parley::app;
using namespace std::chrono_literals;

parley::Endpoint start(app::Server& server, const parley::Endpoint& at) {
  server.on_message([](std::string text) { return "echo of " + text; });
  const parley::Endpoint bound = server.listen(at);
  server.start();
  return bound;
}

asio::awaitable<void> talk(asio::io_context& context) {
  std::vector<std::string> received;
  app::Client client{context, {.reconnects = true}};
  client.on_connect([](app::Peer& peer) { peer.post("hello"); });  // each time
  client.on_message([&](std::string text) { received.push_back(std::move(text)); });
  client.on_disconnect([](const app::Cause& why) { std::cout << "lost: " << why.sentence << '\n'; });

  std::optional<app::Server> server{std::in_place, context};
  const parley::Endpoint at = start(*server, "tcp://127.0.0.1:0");
  client.dial(at);
  co_await client.connected(20s);
  co_await client.send("a question");
  co_await until([&] { return received.size() == 2; }, "both are answered");

  co_await server->stop(20s);
  server.emplace(context);
  start(*server, at);
  co_await until([&] { return received.size() == 3; }, "it is back, and has said hello again");
  check(received[2] == "echo of hello", "the same");

  co_await client.stop(20s);
  co_await server->stop(20s);
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, talk(context), rethrow);
  context.run();
}
