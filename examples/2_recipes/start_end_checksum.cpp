// A framing of one's own, end to end: start_end_checksum.hpp has it, and here two programs speak it over TCP.
//
// Nothing in the library knows about it: a CustomFraming goes wherever a Framing does.

#include "start_end_checksum.hpp"

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

namespace asio = boost::asio;

asio::awaitable<void> read_out_meter(parley::Connection peer) {
  while (std::optional<parley::Message> question = co_await peer.next()) {
    if (*question == "PWR?") co_await peer.send("230.1");
  }
}

asio::awaitable<void> operate(const parley::Endpoint& meter, const parley::Framing& framing) {
  parley::ConnectOptions options;
  options.framing(framing);
  parley::Connection connection = co_await parley::connect(meter, options);
  co_await connection.send("PWR?");
  const parley::Message power = co_await connection.receive();
  check(power == "230.1", "the answer, without STX, ETX and check byte");
  std::cout << "the meter says " << power << " V\n";

  try {
    co_await connection.send("\x03");
    check(false, "a body with ETX in it would end too early");
  } catch (const parley::Error& e) {
    check(e.code() == parley::error::unframeable, "and is refused");
  }
  co_await connection.close();
}

/// A line with noise on it: the check byte is wrong, and the connection is cut.
asio::awaitable<void> operate_over_noise(const parley::Endpoint& meter) {
  parley::ConnectOptions bytes;
  bytes.framing(parley::Raw{});
  parley::Connection connection = co_await parley::connect(meter, bytes);
  co_await connection.send("\x02PWR?\x03*");
  try {
    while (co_await connection.next()) check(false, "the meter must not answer this");
  } catch (const parley::Error&) {
    // The meter hung up; a reset is as good as a clean end.
  }
}

asio::awaitable<void> recipe(parley::Listener& listener, const parley::Framing& framing) {
  co_await operate(listener.local_endpoint(), framing);
  co_await operate_over_noise(listener.local_endpoint());
  listener.close();
}

int main() {
  const parley::Framing framing = std::make_shared<StartEndChecksum>();  // one object for any number of connections
  asio::io_context context;
  parley::ListenerOptions options;
  options.connection.framing = framing;
  parley::Listener listener{context, "tcp://127.0.0.1:0", options};
  asio::co_spawn(context, parley::serve(listener, read_out_meter), rethrow);
  asio::co_spawn(context, recipe(listener, framing), rethrow);
  context.run();
}
