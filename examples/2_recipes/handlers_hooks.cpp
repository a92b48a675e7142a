// Hooks of a server made of handlers: what is done to every message between the wire and the handlers, and back.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace app = parley::app;
using namespace std::chrono_literals;

/// Changes a message.
parley::Message without_bangs(const parley::Message& message) {
  const std::string_view text = message.view();
  return text.substr(std::min(text.find_first_not_of('!'), text.size()));
}

/// Drops some.
std::optional<parley::Message> but_comments(parley::Message message) {
  if (message.view().starts_with("#")) return std::nullopt;
  return message;
}

/// Anything else: answers, refuses, or ends it with the peer.
app::Hooked guard(app::Peer& peer, parley::Message message) {
  if (message.view() == "ping") return app::Hooked::answer("pong");
  if (message.size() > 100) return app::Hooked::refuse(std::to_string(message.size()) + " bytes are no command");
  if (message.view() == "quit") return app::Hooked::fail(peer.to_string() + " wants to leave");
  return message;
}

asio::awaitable<void> talk(app::Server& server) {
  server.after_receive(but_comments);
  server.after_receive(without_bangs);
  server.after_receive(guard);
  server.before_send([](const parley::Message& message) { return parley::Message{message.text() + "\r"}; });
  server.on_message([](std::string text) { return "did " + text; });
  int refused = 0;
  server.on_error([&](const app::Cause& why) {
    if (why.code == parley::error::message_refused) ++refused;
    std::cout << why.sentence << '\n';
  });
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");
  server.start();

  parley::ConnectOptions lines;
  lines.framing(parley::Separator{"\n"});
  parley::Connection panel = co_await parley::connect(at, lines);
  for (const std::string& text : {std::string{"# none"}, std::string{"!!alarm"}, std::string(200, 'x'),
                                  std::string{"ping"}, std::string{"quit"}}) {
    co_await panel.send(text);
  }
  const parley::Message first = co_await panel.receive(20s);
  const parley::Message second = co_await panel.receive(20s);
  check(first.view() == "did alarm\r" && second.view() == "pong\r", "through all hooks, both ways");
  const std::optional<parley::Message> end = co_await panel.next(20s);
  check(!end, "the last has closed it");
  co_await server.stop(20s);
  check(refused == 2, "and on_error was told of two");
  check(server.stats().messages_dropped == 1, "what is dropped is counted");
}

int main() {
  asio::io_context context;
  app::Server server{context, {.framing = parley::Separator{"\n"}}};
  asio::co_spawn(context, talk(server), rethrow);
  context.run();
}
