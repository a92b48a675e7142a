// 6. In-process: the same Connection between two threads, without a socket.
//
// What to see: only the endpoint differs; each end lives on its own io_context and thread; a message is handed over,
// not copied, so a large body costs nothing.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <thread>

namespace asio = boost::asio;

constexpr int job_count = 10'000;

/// Takes jobs until its peer closes, and answers each.
asio::awaitable<void> work(parley::Listener& listener) {
  parley::Connection boss = co_await listener.accept();
  while (std::optional<parley::Message> job = co_await boss.next()) {
    co_await boss.send(std::to_string(job->size()));
  }
}

/// Sends without waiting for answers: back-pressure holds it when the worker is slow.
asio::awaitable<void> give_jobs(parley::Connection& worker) {
  for (int i = 0; i < job_count; ++i) co_await worker.send(std::string(static_cast<std::size_t>(i), 'j'));
}

asio::awaitable<void> boss(parley::Endpoint at) {
  const parley::Message large{std::string(10'000'000, 'x')};
  parley::Connection worker = co_await parley::connect(at);
  co_await worker.send(large);  // `large` and what arrives are the same bytes in memory
  check((co_await worker.receive()) == "10000000", "ten megabytes handed over");

  asio::co_spawn(worker.get_executor(), give_jobs(worker), rethrow);
  for (int i = 0; i < job_count; ++i) {
    check((co_await worker.receive()) == std::to_string(i), "answers come in the order of the jobs");
  }
  co_await worker.close();
}

int main() {
  asio::io_context worker_context;
  parley::Listener listener{worker_context, "inproc://worker"};
  asio::co_spawn(worker_context, work(listener), rethrow);
  std::thread worker_thread{[&] { worker_context.run(); }};

  asio::io_context boss_context;
  asio::co_spawn(boss_context, boss(listener.local_endpoint()), rethrow);
  boss_context.run();

  worker_thread.join();  // its loop ran out of work when the boss closed
  std::cout << job_count << " jobs done in another thread\n";
}
