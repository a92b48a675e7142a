// What filters cost: checksums and deflate, on and off a message.

#include "framings.hpp"

#include <parley/app/filters/named.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

namespace {

using namespace bench::micro;

constexpr std::size_t large_size = 64 * 1024;

/// Text that compresses about as well as logs and JSON do.
parley::Message text_of(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i)
    text += R"({"sensor":"t)" + std::to_string(i % 7) + R"(","value":)" + std::to_string(i * i % 1009) + "}";
  text.resize(size);
  return text;
}

void encode_filtered(benchmark::State& state, const char* name) {
  const auto filter = parley::app::filter_named(name)();
  const parley::Message body = text_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(filter->encode(body));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void decode_filtered(benchmark::State& state, const char* name) {
  const auto filter = parley::app::filter_named(name)();
  const parley::Message sent = std::move(filter->encode(text_of(static_cast<std::size_t>(state.range(0)))).message());
  for (auto _ : state) benchmark::DoNotOptimize(filter->decode(sent));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK_CAPTURE(encode_filtered, xor8, "xor")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(encode_filtered, crc16_modbus, "crc16-modbus")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(encode_filtered, crc16_ccitt, "crc16-ccitt")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(encode_filtered, crc32, "crc32")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(decode_filtered, crc32, "crc32")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(encode_filtered, deflate, "deflate")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(decode_filtered, deflate, "deflate")->Arg(small_size)->Arg(large_size);
BENCHMARK_CAPTURE(encode_filtered, deflate_context, "deflate,context")->Arg(small_size)->Arg(large_size);

}  // namespace
