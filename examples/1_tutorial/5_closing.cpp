// 5. Closing in order: what close() promises, and what its report says.
//
// What to see: close() writes what is queued, ends this direction, waits for the peer's system to acknowledge, and
// never throws; abort() drops and says how much; a peer that does not read cannot hold close() beyond its deadline.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Pair {
  parley::Connection ours;
  parley::Connection theirs;
};

asio::awaitable<Pair> connected_pair() {
  parley::Listener listener{co_await asio::this_coro::executor, "tcp://127.0.0.1:0"};
  parley::Connection ours = co_await parley::connect(listener.local_endpoint());
  parley::Connection theirs = co_await listener.accept();
  co_return Pair{std::move(ours), std::move(theirs)};
}

void print(const char* how, const parley::CloseReport& report) {
  std::cout << how << ": " << report.unsent_count << " messages (" << report.unsent_size << " bytes) never written, "
            << report.unconfirmed_size << " bytes written but not acknowledged\n";
}

asio::awaitable<void> in_order() {
  auto [ours, theirs] = co_await connected_pair();
  for (int i = 0; i < 3; ++i) co_await ours.send("message " + std::to_string(i));
  const parley::CloseReport report = co_await ours.close(5s);
  print("closed in order", report);
  check(report.all_arrived(), "everything is with the peer's system");

  // It is there, although nobody had received anything yet.
  int count = 0;
  while (std::optional<parley::Message> message = co_await theirs.next()) ++count;
  check(count == 3, "all three, and then a clean end");
}

asio::awaitable<void> against_a_peer_that_does_not_read() {
  auto [ours, theirs] = co_await connected_pair();
  const parley::Message megabyte{std::string(1'000'000, 'x')};
  for (int i = 0; i < 100; ++i) check(!ours.post(megabyte), "post() queues past the high-water mark");

  const parley::CloseReport report = co_await ours.close(50ms);
  print("closed at the deadline", report);
  check(report.unsent_count > 0, "whole messages never left this process");
  check(!report.all_arrived(), "and the report says so");
}

asio::awaitable<void> at_once() {
  auto [ours, theirs] = co_await connected_pair();
  check(!ours.post("never to be seen"), "queued: it is written when this coroutine next waits");
  const parley::CloseReport report = ours.abort();
  print("aborted", report);
  check(report.unsent_count == 1 && report.unsent_size == 20, "16 bytes and their length were dropped");
}

asio::awaitable<void> tutorial() {
  co_await in_order();
  co_await against_a_peer_that_does_not_read();
  co_await at_once();
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, tutorial(), rethrow);
  context.run();
}
