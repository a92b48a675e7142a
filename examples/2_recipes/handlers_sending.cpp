// Sending with a server made of handlers: what a handler returns, as much as one likes, to one peer and to all, without
// waiting, and from outside of handlers.

#include "../check.hpp"
#include "../until.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace app = parley::app;
using namespace std::chrono_literals;

asio::awaitable<void> handle(app::Server& server, app::Peer& peer, std::string text) {
  if (text == "count") {
    for (int i = 1; i <= 3; ++i) co_await peer.send(std::to_string(i));  // waits while the peer does not read
  } else {
    server.broadcast("somebody says " + text);  // never waits
  }
}

asio::awaitable<std::string> received(parley::Connection& peer) {
  const parley::Message message = co_await peer.receive(20s);
  co_return message.text();
}

asio::awaitable<void> talk(app::Server& server) {
  server.on_message([&](app::Peer& peer, std::string text) { return handle(server, peer, std::move(text)); });
  server.on_error([](const app::Cause& why) { std::cout << why.sentence << '\n'; });
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");
  server.start();

  parley::Connection one = co_await parley::connect(at);
  parley::Connection two = co_await parley::connect(at);
  co_await until([&] { return server.peers().size() == 2; }, "both are here");

  co_await one.send("count");
  for (const char* const number : {"1", "2", "3"}) {
    const std::string text = co_await received(one);
    check(text == number, "in order");
  }
  co_await two.send("hello");
  const std::string to_one = co_await received(one);
  const std::string to_two = co_await received(two);
  check(to_one == "somebody says hello" && to_two == to_one, "to all");

  const app::Peer second = server.peers()[1];  // a handle may be kept
  co_await server.send_to(second.id(), "only you");
  const std::string only = co_await received(two);
  check(only == "only you", "to one, from outside");
  co_await two.close(20s);
  co_await until([&] { return server.peers().size() == 1; }, "it has left");
  check(second.post("too late") == parley::error::closed, "and is told so");
  co_await server.stop(20s);
}

int main() {
  asio::io_context context;
  app::Server server{context};
  asio::co_spawn(context, talk(server), rethrow);
  context.run();
}
