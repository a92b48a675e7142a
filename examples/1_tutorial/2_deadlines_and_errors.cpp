// 2. Deadlines and errors: every wait can have an end, and every failure has a code and a sentence.
//
// What to see: forms without a token throw parley::Error, whose code() a program compares and whose what() a person
// reads; a deadline that passes loses no message; a clean end, a truncated message and a refused one are different.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Awaits what must fail, prints the sentence and gives the code.
template <class T>
asio::awaitable<boost::system::error_code> failure_of(asio::awaitable<T> operation) {
  try {
    (void)co_await std::move(operation);
  } catch (const parley::Error& e) {
    std::cout << "  " << e.what() << '\n';
    co_return e.code();
  }
  throw std::logic_error{"this should have failed"};
}

asio::awaitable<void> nobody_listens() {
  parley::Listener gone{co_await asio::this_coro::executor, "tcp://127.0.0.1:0"};
  const parley::Endpoint nowhere = gone.local_endpoint();
  gone.close();

  const auto ec = co_await failure_of(parley::connect(nowhere));
  check(ec == asio::error::connection_refused, "the system's own code comes through");
}

asio::awaitable<void> deadline_passes(parley::Connection& us, parley::Connection& peer) {
  const auto ec = co_await failure_of(us.receive(10ms));
  check(ec == parley::error::timed_out, "nothing came within the deadline");

  // The connection is as it was. What comes later is received by a later call.
  co_await peer.send("late");
  check((co_await us.receive(10s)) == "late", "a deadline loses no message");
}

asio::awaitable<void> message_is_too_large(parley::Connection& us, parley::Connection& peer) {
  const auto ec = co_await failure_of(us.send(std::string(2000, 'x')));
  check(ec == parley::error::message_too_large, "our own limit is checked before anything is sent");

  co_await us.send("still here");
  check((co_await peer.receive()) == "still here", "and the connection goes on");
}

asio::awaitable<void> peer_stops_inside_a_message(parley::Listener& listener) {
  parley::ConnectOptions bytes;  // named, not a temporary: GCC 12 miscompiles those within co_await
  bytes.framing(parley::Raw{});
  parley::Connection peer = co_await parley::connect(listener.local_endpoint(), bytes);
  parley::Connection us = co_await listener.accept();

  co_await peer.send(std::string{"\0\0\0\5he", 6});  // announces five bytes, and sends two
  co_await peer.close();

  const auto ec = co_await failure_of(us.receive());
  check(ec == parley::error::truncated, "an end inside a message is not a clean end");
  check(us.partial().size() == 6, "and the bytes that did come can be looked at");
}

asio::awaitable<void> tutorial() {
  co_await nobody_listens();

  parley::ListenerOptions options;
  options.connection.message_size_max = 1000;
  const auto executor = co_await asio::this_coro::executor;
  parley::Listener listener{executor, "tcp://127.0.0.1:0", options};
  parley::Connection peer = co_await parley::connect(listener.local_endpoint());
  parley::Connection us = co_await listener.accept();
  co_await deadline_passes(us, peer);
  co_await message_is_too_large(us, peer);
  co_await peer_stops_inside_a_message(listener);

  co_await peer.close();
  check((co_await failure_of(us.receive())) == parley::error::closed, "a clean end");
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, tutorial(), rethrow);
  context.run();
}
