// What it costs to learn what goes around one body. (No encoder copies the body.)

#include "framings.hpp"

#include <parley/limits.hpp>
#include <parley/wire/any_encoder.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace bench::micro;

void encode(benchmark::State& state, parley::Framing (*framing)(std::size_t)) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  auto encoder = parley::wire::make_encoder(framing(body.size()), parley::limits::message_size_max);
  parley::wire::Envelope envelope;
  for (auto _ : state) {
    envelope.clear();
    benchmark::DoNotOptimize(encoder.encode(bytes_of(body), envelope));
    benchmark::DoNotOptimize(envelope.header.data());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(encode, length_prefixed, length_prefixed)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(encode, varint_prefixed, varint_prefixed)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(encode, separator, separator)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(encode, long_separator, long_separator)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(encode, fixed_length, fixed_length)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(encode, raw, raw)->Arg(small_size)->Arg(medium_size);

}  // namespace
