// Events of a server made of handlers, inside a program that has an event loop of its own: who comes, what they say,
// what goes wrong, who is silent, who leaves.

#include "../check.hpp"
#include "../until.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/describe/class.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
namespace app = parley::app;
using namespace std::chrono_literals;

struct Reading {
  std::string sensor;
  double value = 0;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (sensor, value))

/// What the program keeps for each peer.
struct Session {
  int readings = 0;
};

struct Seen {
  int errors = 0, idle = 0, gone = 0;
};

void say_what_to_do(app::Server& server, Seen& seen) {
  server.on_connect([](app::Peer& peer) { peer.post("welcome"); });
  // Decoded from JSON; what is not a Reading goes to on_error, and the handler is not called.
  server.on_message([](app::Peer& peer, Reading reading) -> asio::awaitable<void> {
    const int count = ++peer.state<Session>().readings;
    co_await peer.send(reading.sensor + " has sent " + std::to_string(count));  // waits while the peer is slow
  });
  server.on_error([&](app::Peer&, const app::Cause& why) {
    ++seen.errors;
    std::cout << why.sentence << '\n';
  });
  server.on_idle(50ms, [&](app::Peer& peer) {
    ++seen.idle;
    peer.disconnect();
  });
  server.on_disconnect([&](app::Peer& peer, const app::Cause& why) {
    ++seen.gone;
    std::cout << peer << ": " << why.sentence << '\n';
  });
}

asio::awaitable<void> talk(app::Server& server, Seen& seen) {
  say_what_to_do(server, seen);
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");
  server.start();

  parley::Connection sensor = co_await parley::connect(at);
  const parley::Message welcome = co_await sensor.receive(20s);
  check(welcome.view() == "welcome", "on_connect comes first");
  co_await sensor.send("no reading");
  co_await sensor.send(R"({"sensor":"inlet","value":21.5})");
  const parley::Message reply = co_await sensor.receive(20s);
  check(reply.view() == "inlet has sent 1", "the peer goes on after an error");

  co_await until([&] { return seen.gone == 1; }, "who says nothing more is closed");
  check(seen.errors == 1 && seen.idle == 1, "each event once");
  co_await server.stop(20s);
}

int main() {
  asio::io_context context;
  app::Server server{context};
  Seen seen;
  asio::co_spawn(context, talk(server, seen), rethrow);
  context.run();
}
