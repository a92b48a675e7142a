// What a `co_await` costs that has nothing to wait for, by itself and through an in-process Connection: the price of
// one message besides its framing and the kernel.

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace {

namespace asio = boost::asio;
using parley::Connection;
using parley::Message;

/// Messages in one go: half of the default run of ready completions, and far from any mark.
constexpr int burst = 256;

void run(asio::awaitable<void> task) {
  asio::io_context io{1};
  co_spawn(io, std::move(task), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
}

asio::awaitable<Message> ready(Message m) { co_return m; }

/// The floor: a coroutine that returns a Message at once.
void await_ready_coroutine(benchmark::State& state) {
  run([](benchmark::State& s) -> asio::awaitable<void> {
    const Message m{"hello"};
    for (auto _ : s) benchmark::DoNotOptimize(co_await ready(m));
  }(state));
}
BENCHMARK(await_ready_coroutine);

/// What an operation costs that always goes through the loop.
void await_post(benchmark::State& state) {
  run([](benchmark::State& s) -> asio::awaitable<void> {
    for (auto _ : s) co_await asio::post(asio::use_awaitable);
  }(state));
}
BENCHMARK(await_post);

using Exchange = asio::awaitable<void> (*)(Connection& sender, Connection& receiver, const Message&);

asio::awaitable<void> send_and_receive(Connection& sender, Connection& receiver, const Message& m) {
  for (int i = 0; i < burst; ++i) co_await sender.send(m);
  for (int i = 0; i < burst; ++i) benchmark::DoNotOptimize(co_await receiver.receive());
}

asio::awaitable<void> try_send_and_receive(Connection& sender, Connection& receiver, const Message& m) {
  for (int i = 0; i < burst; ++i) benchmark::DoNotOptimize(sender.try_send(m));
  for (int i = 0; i < burst; ++i) benchmark::DoNotOptimize(receiver.try_receive());
  co_return;
}

asio::awaitable<void> measure(benchmark::State& state, Exchange exchange) {
  parley::Listener listener{co_await asio::this_coro::executor, "inproc://micro"};
  Connection sender = co_await parley::connect("inproc://micro");
  Connection receiver = co_await listener.accept();
  const Message m{std::string(static_cast<std::size_t>(state.range(0)), 'x')};
  for (auto _ : state) co_await exchange(sender, receiver, m);
  const auto messages = state.iterations() * burst;
  state.SetItemsProcessed(messages);
  state.counters["per_message"] =
      benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void in_process(benchmark::State& state, Exchange exchange) { run(measure(state, exchange)); }
BENCHMARK_CAPTURE(in_process, co_await_send_and_receive, send_and_receive)->Arg(64)->Arg(1024);
BENCHMARK_CAPTURE(in_process, try_send_and_try_receive, try_send_and_receive)->Arg(64)->Arg(1024);

}  // namespace
