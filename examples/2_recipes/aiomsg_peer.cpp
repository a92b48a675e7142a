// Talking to programs that use Python's aiomsg, as they are: nothing in them knows of parley.
//
// A Socket speaks their wire unasked. What corresponds to what is in docs/guide/16-from-aiomsg.md.

#include "aiomsg_programs.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// The server in C++.
asio::awaitable<void> answer(parley::Socket& socket, int count) {
  while (count-- > 0) {
    const parley::Received question = co_await socket.receive(30s);
    std::string text = question.text();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    co_await socket.send_to(question.sender, text);
  }
}

// The client in C++.
asio::awaitable<void> ask(parley::Socket& socket, parley::Endpoint server) {
  socket.connect(server);
  for (const char* text : {"hello", "how are you?"}) {
    co_await socket.send_confirmed(text);  // Python has acknowledged it
    const parley::Received reply = co_await socket.receive(30s);
    std::cout << "Python says " << reply.text() << '\n';
    check(reply.text().find("H") == 0, "an answer to each question");
  }
}

asio::awaitable<void> python_asks(asio::any_io_executor executor) {
  parley::Socket socket{executor};
  const parley::Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
  const AiomsgProgram client{python_client, std::to_string(at.port())};
  co_await answer(socket, 2);
  check((co_await socket.close(30s)).all_arrived(), "the answers are with Python");
  check(client.line() == "HELLO" && client.line() == "HOW ARE YOU?", "both answers have arrived, in order");
}

asio::awaitable<void> python_answers(asio::any_io_executor executor) {
  const AiomsgProgram server{python_server};
  const auto port = static_cast<std::uint16_t>(std::stoi(server.line()));
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  parley::Socket socket{executor, options};
  co_await ask(socket, parley::Endpoint::tcp("127.0.0.1", port));
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, python_asks(context.get_executor()), rethrow);
  asio::co_spawn(context, python_answers(context.get_executor()), rethrow);
  context.run();
}
