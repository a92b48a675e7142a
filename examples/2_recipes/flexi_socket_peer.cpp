// Talking to programs that use Python's Flexi-Socket, as they are: nothing in them knows of parley.
//
// A server or client made of handlers is what they are, too. Their separator strategy is the framing Separator{"\n"}.
// See docs/guide/25-from-flexi-socket.md.

#include "../check.hpp"
#include "../until.hpp"
#include "flexi_socket_programs.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace app = parley::app;
namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string without_marks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of('!');
  return std::string{begin == std::string_view::npos ? std::string_view{} : text.substr(begin)};
}

// The server in C++.
void hang_handlers(app::Server& server) {
  server.on_connect([](const app::Peer& peer) { peer.post("hello"); });
  server.on_disconnect([](const app::Peer& peer, const app::Cause& why) {
    std::cout << peer << " has gone: " << why.sentence << std::endl;
  });
  server.on_message("panel", [](const app::Peer& peer, const std::string& message) {
    if (peer.is_first_message()) std::cout << peer << std::endl;
    return "noted: " + message;
  });
  server.on_message(app::unclassified, [](const std::string&) { return "who are you?"; });

  server.after_receive("panel", [](const parley::Message& m) { return parley::Message{without_marks(m.view())}; });
  server.before_send("panel", [](const parley::Message& m) { return parley::Message{m.text() + ", the server"}; });

  server.classify([](std::string_view first) { return first.starts_with("!!") ? "panel" : app::unclassified; },
                  {"panel"});
}

asio::awaitable<void> python_asks() {
  app::ServerOptions options;
  options.framing = parley::Separator{"\n"};
  app::Server server{co_await asio::this_coro::executor, options};
  hang_handlers(server);
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");
  server.start();

  const FlexiSocketProgram client{flexi_client, at.port()};
  co_await until([&] { return server.stats().messages_sent == 2; }, "a greeting, and a reply");
  check(client.line() == "hello", "the greeting has arrived");
  check(client.line() == "noted: fire, the server", "so has the reply, through both hooks");
  co_await server.stop(10s);
}

// The client in C++.
asio::awaitable<void> ask(parley::Endpoint at, std::string& reply) {
  app::ClientOptions options;
  options.framing = parley::Separator{"\n"};
  options.reconnects = true;  // the server may not be there yet
  app::Client client{co_await asio::this_coro::executor, options};
  client.on_message([&reply](std::string message) { reply = std::move(message); });
  client.dial(at);
  co_await client.connected(30s);
  co_await client.send("!!fire");
  co_await until([&reply] { return !reply.empty(); }, "there is a reply");
  co_await client.stop(10s);
}

/// One that nobody has now.
std::uint16_t free_port() {
  asio::io_context context;
  return parley::Listener{context, "tcp://127.0.0.1:0"}.local_endpoint().port();
}

asio::awaitable<void> python_answers() {
  const std::uint16_t port = free_port();
  const FlexiSocketProgram server{flexi_server, port};
  std::string reply;
  co_await ask(parley::Endpoint::tcp("127.0.0.1", port), reply);
  std::cout << "Python says: " << reply << '\n';
  check(reply == "noted: fire, the server", "the reply, through both hooks");
  check(server.line() == "somebody has come" && server.line() == "a panel", "Python has seen it so");
}

asio::awaitable<void> talk() {
  co_await python_asks();
  co_await python_answers();
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, talk(), rethrow);
  context.run();
}
