// Talking to a program that has TCPChan, as it is: nothing in it knows of parley.
//
// The dialect is asked for in the URL. What corresponds to what is in docs/guide/18-from-tcpchan.md.

#include "tcpchan_program.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

const parley::Separator lines{"\n"};

// The server in C++: each channel is a connection.
asio::awaitable<void> answer(parley::Connection channel) {
  while (const std::optional<parley::Message> question = co_await channel.next()) {
    std::string text = question->text();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    co_await channel.send(text);
  }
}

asio::awaitable<void> python_asks(parley::Listener& listener) {
  const TcpChanProgram client{tcpchan_client, std::to_string(listener.local_endpoint().port())};
  for (int i = 0; i < 3; ++i) {
    parley::Connection channel = co_await listener.accept(30s);
    co_await answer(std::move(channel));
  }
  check(client.line() == "answered", "each of three channels has its answer");
  listener.close();
}

// The client in C++: each connection is a channel, of one session.
asio::awaitable<std::string> ask(std::string port, std::string question) {
  parley::ConnectOptions options;
  options.framing(lines);
  parley::Connection channel = co_await parley::connect("mux+tcp://127.0.0.1:" + port + "?dialect=tcpchan", options);
  co_await channel.send(question);
  co_return (co_await channel.receive(30s)).text();
}

asio::awaitable<void> python_answers() {
  const TcpChanProgram server{tcpchan_server};
  const std::string port = server.line();
  for (const char* question : {"hello", "how are you?"}) {
    const std::string reply = co_await ask(port, question);
    std::cout << "Python says " << reply << '\n';
    check(reply.find('H') == 0, "an answer to each question");
  }
}

int main() {
  asio::io_context context;
  parley::ListenerOptions options;
  options.connection.framing = lines;
  parley::Listener listener{context, "mux+tcp://127.0.0.1:0?dialect=tcpchan&magic=0xFEEDBACC", options};
  asio::co_spawn(context, python_asks(listener), rethrow);
  asio::co_spawn(context, python_answers(), rethrow);
  context.run();
}
