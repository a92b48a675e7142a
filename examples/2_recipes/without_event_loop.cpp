// No event loop: a server with a thread for each client, and a client, by calls that block.
//
// parley::blocking has the same connections. They have no thread of their own, so the calls do the work; any thread may
// make them, and a close() in one thread ends the waits of the others, which is how a server like this is stopped.

#include "../check.hpp"

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>
#include <parley/parley.hpp>

#include <boost/asio/error.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace blocking = parley::blocking;
using namespace std::chrono_literals;

void answer(blocking::Connection peer) {
  try {
    while (std::optional<parley::Message> message = peer.next(10s))
      peer.send("server replied: " + message->text(), 10s);
  } catch (const parley::Error& failure) {
    std::cerr << failure.what() << '\n';  // this client's end, and nobody else's
  }
}

class Server {
 public:
  ~Server() {
    listener_.close();
    acceptor_.join();  // and then, one after the other, the threads of clients
  }
  [[nodiscard]] parley::Endpoint endpoint() const { return listener_.local_endpoint(); }

 private:
  void accept() {
    for (;;) {
      boost::system::error_code ec;
      blocking::Connection peer = listener_.accept({}, ec);
      if (ec) return;
      clients_.emplace_back(answer, std::move(peer));
    }
  }

  blocking::Listener listener_{"tcp://127.0.0.1:0"};
  std::vector<std::jthread> clients_;  // a server that runs for long would take those that have ended out again
  std::jthread acceptor_{[this] { accept(); }};
};

void ask_questions(const parley::Endpoint& server) {
  blocking::Connection connection{server, parley::ConnectOptions{}.deadline(5s)};
  for (const char* text : {"hello", "how are you?"}) {
    connection.send(text, 5s);
    const parley::Message reply = connection.receive(5s);
    std::cout << reply << '\n';
    check(reply == "server replied: " + std::string{text}, "an answer to each question");
  }

  // Several at once: posted ones go out together with the next that is sent.
  for (int i = 0; i < 9; ++i) connection.post(std::to_string(i));
  connection.send("9");
  for (int i = 0; i < 10; ++i) check(connection.receive(5s) == "server replied: " + std::to_string(i), "in order");

  // Waiting with an end, and without exceptions.
  boost::system::error_code ec;
  (void)connection.receive(10ms, ec);
  check(ec == parley::error::timed_out, "nothing was asked, and so nothing comes");
  check(connection.close(5s).all_arrived(), "everything has arrived at the server");
}

int main() {
  const Server server;
  std::jthread other{ask_questions, server.endpoint()};
  ask_questions(server.endpoint());
}
