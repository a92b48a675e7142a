// Classification: one port for peers of several kinds, told apart by the first that they send. Each kind has handlers,
// hooks and a framing of its own.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace app = parley::app;
using namespace std::chrono_literals;

void say_what_to_do(app::Server& server) {
  // The kinds that a table names are known, so start() finds what is missing or misspelt.
  server.classify(app::ByPrefix{{"!!", "panel"}, {"METER", "meter"}});
  server.after_receive("panel", [](const parley::Message& m) {
    return parley::Message{m.view().substr(m.view().find_first_not_of('!'))};
  });
  server.on_message("panel", [](std::string text) { return "panel: " + text; });
  server.framing("meter", parley::LengthPrefixed{});  // from its second message on
  server.on_message("meter", [](app::Peer& peer, const parley::Message& m) {
    return peer.is_first_message() ? "go on" : std::to_string(m.size());
  });
  server.on_message(app::unclassified, [](std::string text) { return text + "?"; });
}

asio::awaitable<std::string> answer(parley::Connection& peer, std::string text) {
  co_await peer.send(std::move(text));
  const parley::Message message = co_await peer.receive(20s);
  co_return message.text();
}

asio::awaitable<void> talk(app::Server& server) {
  say_what_to_do(server);
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");
  server.start();

  parley::ConnectOptions lines;
  lines.framing(parley::Separator{"\n"});
  parley::Connection panel = co_await parley::connect(at, lines);
  const std::string alarm = co_await answer(panel, "!!alarm");
  const std::string second = co_await answer(panel, "second");
  check(alarm == "panel: alarm" && second == "panel: second", "its kind stays");

  parley::Connection meter = co_await parley::connect(at, lines);
  co_await meter.send("METER 7");
  meter.reframe(parley::LengthPrefixed{});
  const parley::Message go = co_await meter.receive(20s);
  const std::string size = co_await answer(meter, "1\n2\n3\n");
  check(go.view() == "go on" && size == "6", "another framing from there on");

  parley::Connection other = co_await parley::connect(at, lines);
  const std::string what = co_await answer(other, "hello");
  check(what == "hello?", "everybody else");
  for (const app::Peer& peer : server.peers()) std::cout << peer << '\n';
  co_await server.stop(20s);
}

int main() {
  asio::io_context context;
  app::Server misspelt{context};
  misspelt.classify(app::ByPrefix{{"!!", "panel"}});
  misspelt.on_message("pannel", [](const parley::Message&) {});
  try {
    misspelt.start();
    check(false, "it does not start");
  } catch (const std::invalid_argument& why) {
    std::cout << why.what() << '\n';
  }

  app::Server server{context, {.framing = parley::Separator{"\n"}}};
  asio::co_spawn(context, talk(server), rethrow);
  context.run();
}
