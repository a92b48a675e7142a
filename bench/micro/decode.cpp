// What it costs to find one message in a buffer of 256 KiB, the size of one large read: the frames of a whole buffer
// are cut, and the time divided by their number.

#include "framings.hpp"

#include <parley/limits.hpp>
#include <parley/wire/any_decoder.hpp>
#include <parley/wire/any_encoder.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>

namespace {

using namespace bench::micro;
using parley::wire::DecodeStep;

void append(std::string& out, std::span<const std::byte> bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Whole frames only, of bodies of `size` bytes.
std::string frames_of(const parley::Framing& framing, std::size_t size) {
  auto encoder = parley::wire::make_encoder(framing, parley::limits::message_size_max);
  const std::string body = body_of(size);
  std::string frames;
  while (frames.size() + size < parley::limits::read_size) {
    parley::wire::Envelope envelope;
    if (encoder.encode(bytes_of(body), envelope)) break;
    append(frames, envelope.header);
    frames += body;
    append(frames, envelope.trailer);
  }
  return frames;
}

/// Cuts all there is; returns how many messages that were.
std::int64_t cut_all(parley::wire::AnyDecoder& decoder, std::span<const std::byte> unread) {
  return decoder.visit([&](auto& concrete) {
    std::int64_t count = 0;
    for (;; ++count) {
      const DecodeStep step = concrete.decode(unread, false, parley::TimePoint{});
      if (step.kind != DecodeStep::Kind::frame) return count;
      benchmark::DoNotOptimize(unread.data() + step.begin);
      unread = unread.subspan(step.consumed);
    }
  });
}

void decode(benchmark::State& state, parley::Framing (*framing)(std::size_t)) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string frames = frames_of(framing(size), size);
  auto decoder = parley::wire::make_decoder(framing(size), parley::limits::message_size_max);
  std::int64_t messages = 0;
  for (auto _ : state) messages += cut_all(decoder, bytes_of(frames));
  state.SetItemsProcessed(messages);
  state.counters["per_message"] =
      benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(decode, length_prefixed, length_prefixed)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(decode, varint_prefixed, varint_prefixed)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(decode, separator, separator)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(decode, long_separator, long_separator)->Arg(small_size)->Arg(medium_size);
BENCHMARK_CAPTURE(decode, fixed_length, fixed_length)->Arg(small_size)->Arg(medium_size);

}  // namespace
