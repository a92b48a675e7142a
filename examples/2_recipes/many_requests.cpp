// Many requests at once over one connection: each is a channel of its own, and none waits for another.
//
// All that makes them channels is the URL. The first request is answered last, on purpose, and holds nobody up.

#include "../check.hpp"
#include "../until.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t quick_count = 1000;

class Server {
 public:
  asio::awaitable<void> answer(parley::Connection client) {
    while (const std::optional<parley::Message> request = co_await client.next()) {
      if (*request == "slow") {
        co_await until([this] { return quick_ == quick_count; }, "the others do not wait for the slow one");
      } else {
        ++quick_;
      }
      co_await client.send("answer to " + request->text());
    }
  }

 private:
  std::size_t quick_ = 0;
};

class Client {
 public:
  explicit Client(parley::Listener& listener) : listener_{listener} {}

  asio::awaitable<void> ask(std::string request) {
    parley::Connection server = co_await parley::connect(listener_.local_endpoint());
    ports_.insert(server.local_endpoint().to_string());
    co_await server.send(request);
    const parley::Message answer = co_await server.receive(30s);
    check(answer == "answer to " + request, "an answer to what was asked");
    if (++answered_ == quick_count + 1) end(answer);
  }

 private:
  void end(const parley::Message& last) {
    std::cout << answered_ << " requests over " << ports_.size() << " connection; the last: " << last << '\n';
    check(last == "answer to slow" && ports_.size() == 1, "one connection, and nobody waits for another");
    listener_.close();
  }

  parley::Listener& listener_;
  std::set<std::string> ports_;  // the client's: one for each TCP connection
  std::size_t answered_ = 0;
};

int main() {
  asio::io_context context;
  parley::Listener listener{context, "mux+tcp://127.0.0.1:0"};
  Server server;
  Client client{listener};
  asio::co_spawn(context,
                 parley::serve(listener, [&](parley::Connection peer) { return server.answer(std::move(peer)); }),
                 rethrow);
  asio::co_spawn(context, client.ask("slow"), rethrow);
  for (std::size_t i = 0; i < quick_count; ++i) asio::co_spawn(context, client.ask(std::to_string(i)), rethrow);
  context.run();
}
