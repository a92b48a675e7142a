// Message: making, copying, moving and slicing, on both sides of the limit up to which a body is kept inline.

#include "framings.hpp"

#include <parley/message.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

using namespace bench::micro;
using parley::Message;

constexpr std::int64_t inline_max = Message::inline_size_max;
constexpr std::int64_t large_size = 64 * 1024;

void message_from_bytes(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Message m{bytes_of(body)};
    benchmark::DoNotOptimize(m);
  }
}
BENCHMARK(message_from_bytes)->Arg(16)->Arg(inline_max)->Arg(inline_max + 1)->Arg(medium_size)->Arg(large_size);

/// The vector is made in the loop as well: a body that is filled in place needs one.
void message_from_fresh_vector(benchmark::State& state) {
  for (auto _ : state) {
    Message m{std::vector<unsigned char>(static_cast<std::size_t>(state.range(0)))};
    benchmark::DoNotOptimize(m);
  }
}
BENCHMARK(message_from_fresh_vector)->Arg(medium_size)->Arg(large_size);

void message_copy(benchmark::State& state) {
  const Message original{bytes_of(body_of(static_cast<std::size_t>(state.range(0))))};
  for (auto _ : state) {
    Message m{original};
    benchmark::DoNotOptimize(m);
  }
}
BENCHMARK(message_copy)->Arg(16)->Arg(inline_max)->Arg(inline_max + 1)->Arg(large_size);

/// There and back: two moves.
void message_move_twice(benchmark::State& state) {
  Message here{bytes_of(body_of(static_cast<std::size_t>(state.range(0))))};
  for (auto _ : state) {
    Message there{std::move(here)};
    benchmark::DoNotOptimize(there);
    here = std::move(there);
    benchmark::DoNotOptimize(here);
  }
}
BENCHMARK(message_move_twice)->Arg(16)->Arg(inline_max)->Arg(inline_max + 1);

/// Half of a large body: no byte is copied, unless the half fits inline.
void message_slice(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const Message whole{bytes_of(body_of(2 * size))};
  for (auto _ : state) benchmark::DoNotOptimize(whole.slice(size, size));
}
BENCHMARK(message_slice)->Arg(inline_max)->Arg(medium_size)->Arg(large_size);

}  // namespace
