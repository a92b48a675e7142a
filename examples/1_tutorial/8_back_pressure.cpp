// 8. Back-pressure: a sender that is faster than its reader.
//
// What to see: try_send() says `full` instead of waiting, send() waits, post() goes past the mark; memory is bounded by
// the marks, not by the sender's enthusiasm; flush() tells when the queue has been written.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t mark = 256 * parley::limits::kib;

asio::awaitable<void> read_all(parley::Connection reader, std::uint64_t& received) {
  while (std::optional<parley::Message> message = co_await reader.next()) ++received;
}

asio::awaitable<void> tutorial(std::uint64_t& sent, std::uint64_t& received) {
  const auto executor = co_await asio::this_coro::executor;
  parley::Listener listener{executor, "tcp://127.0.0.1:0"};
  parley::ConnectionOptions queues;
  queues.send_high_water_size = mark;
  parley::ConnectOptions options;
  options.connection(queues);
  parley::Connection sender = co_await parley::connect(listener.local_endpoint(), options);
  parley::Connection reader = co_await listener.accept();

  // Nobody reads. First the system's buffers fill, then our queue, up to the mark.
  const parley::Message body{std::string(16 * parley::limits::kib, 'x')};
  boost::system::error_code ec = sender.try_send(body);
  for (; !ec; ec = sender.try_send(body)) ++sent;
  check(ec == parley::error::full, "try_send() never waits");
  const parley::ConnectionStats full = sender.stats();
  std::cout << sent << " messages taken; " << full.send_queue_size << " bytes of them still queued here\n";
  check(full.send_queue_size >= mark && full.send_queue_size < mark + 2 * body.size(), "about the mark");

  // send() waits for room. The reader's side takes a little more, up to its own mark; then all is full for good.
  try {
    for (;; ++sent) co_await sender.send(body, 50ms);
  } catch (const parley::Error& e) {
    check(e.code() == parley::error::timed_out, "this one gave up, and has queued nothing");
  }
  check(!sender.post("urgent"), "post() does not look at the mark");
  ++sent;

  // Somebody reads: the queue drains, and send() goes on when it is below half of the mark.
  asio::co_spawn(executor, read_all(std::move(reader), received), rethrow);
  for (int i = 0; i < 1000; ++i) co_await sender.send(body);
  sent += 1000;
  co_await sender.flush(10s);
  check(sender.stats().send_queue_size == 0, "all of it written, not all of it received");
  co_await sender.close(10s);
}

int main() {
  asio::io_context context;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  asio::co_spawn(context, tutorial(sent, received), rethrow);
  context.run();
  check(received == sent, "nothing was lost, and nothing of what was refused was sent");
  std::cout << received << " messages received\n";
}
