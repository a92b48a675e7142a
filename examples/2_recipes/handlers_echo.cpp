// A server made of handlers, and a client: what the bytes look like, functions for events, and run.
//
// This server is all that its program does, so it has its own event loop; the client is in a thread of its own.

#include "../check.hpp"

#include <parley/app/client.hpp>
#include <parley/app/server.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace app = parley::app;
using namespace std::chrono_literals;

std::vector<std::string> talk(const parley::Endpoint& server) {
  std::vector<std::string> replies;
  app::Client client{app::ClientOptions{.framing = parley::Separator{"\n"}}};
  client.on_connect([](app::Peer& peer) {
    peer.post("hello");
    peer.post("how are you?");
  });
  client.on_message([&](app::Peer& peer, std::string line) {
    replies.push_back(std::move(line));
    if (replies.size() == 2) peer.disconnect();
  });
  client.dial(server);
  client.run();  // until it is disconnected
  return replies;
}

int main() {
  app::Server server{app::ServerOptions{.framing = parley::Separator{"\n"}}};
  server.on_connect([](app::Peer& peer) { std::cout << peer << " is here\n"; });
  server.on_message([](std::string line) { return "server replied: " + line; });
  server.on_disconnect([&](app::Peer& peer, const app::Cause& why) {
    std::cout << peer << " has gone: " << why.sentence << '\n';
    server.request_stop(10s);  // a server would go on; this one is an example
  });
  const parley::Endpoint at = server.listen("tcp://127.0.0.1:0");

  std::vector<std::string> replies;
  std::thread client{[&] { replies = talk(at); }};
  server.run();
  client.join();
  for (const std::string& reply : replies) std::cout << reply << '\n';
  check(replies == std::vector<std::string>{"server replied: hello", "server replied: how are you?"}, "the replies");
}
