// 3. Framings: how messages are told apart on the wire.
//
// What to see: a line protocol is a framing, not a parser; both ends must be given the same one; a body the framing
// cannot carry is refused and harms nothing; Raw shows what is really on the wire.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;

/// One line in, one line out: what telnet, many devices, and half of the Internet's older protocols speak.
asio::awaitable<void> answer(parley::Connection peer) {
  while (std::optional<parley::Message> line = co_await peer.next()) {
    if (line->view() == "QUIT") co_return;
    co_await peer.send("you said " + line->text());
  }
}

asio::awaitable<void> speak_lines(const parley::Endpoint& server) {
  parley::ConnectOptions lines;
  lines.framing(parley::Separator{"\r\n"});
  parley::Connection connection = co_await parley::connect(server, lines);

  co_await connection.send("hello");
  check((co_await connection.receive()) == "you said hello", "messages come without their separator");

  try {
    co_await connection.send("two\r\nlines");
    check(false, "a body with the separator in it would be two messages, and is refused");
  } catch (const parley::Error& e) {
    check(e.code() == parley::error::unframeable, "the code says why");
    std::cout << e.what() << '\n';
  }

  co_await connection.send("QUIT");
  check(!(co_await connection.next()), "the server has closed");
}

asio::awaitable<void> speak_bytes(const parley::Endpoint& server) {
  parley::ConnectOptions bytes;
  bytes.framing(parley::Raw{});
  parley::Connection connection = co_await parley::connect(server, bytes);

  // How bytes fall into messages means nothing to the server; only the separator does.
  for (const char* piece : {"he", "llo\r", "\n", "QUIT\r\n"}) co_await connection.send(piece);
  std::string all;
  while (std::optional<parley::Message> piece = co_await connection.next()) all += piece->view();
  check(all == "you said hello\r\n", "this is what goes over the wire");
}

asio::awaitable<void> tutorial(parley::Listener& listener) {
  co_await speak_lines(listener.local_endpoint());
  co_await speak_bytes(listener.local_endpoint());
  listener.close();  // ends serve()
}

int main() {
  asio::io_context context;
  parley::ListenerOptions lines;
  lines.connection.framing = parley::Separator{"\r\n"};
  parley::Listener listener{context, "tcp://127.0.0.1:0", lines};

  asio::co_spawn(context, parley::serve(listener, answer), rethrow);
  asio::co_spawn(context, tutorial(listener), rethrow);
  context.run();

  // The same as text, for a command line or a configuration file.
  check(parley::parse_framing("separator:\\r\\n") == parley::Framing{parley::Separator{"\r\n"}}, "names of framings");
  check(parley::to_string(parley::LengthPrefixed{}) == "length", "the default is a u32 in front, big-endian");
}
