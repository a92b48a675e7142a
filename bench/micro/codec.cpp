// A struct of ten fields, encoded and decoded, beside what Boost.JSON itself does for a described struct: by a
// document, value_from and serialize, parse and value_to.
//
// Both take turns within one benchmark, a thousand each, so that a slow moment of the machine hits both. `ratio` is
// Boost's time divided by ours; where it has to reach a bound, the label says whether it does.

#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace bench::micro {

struct Trade {
  std::uint64_t id;
  std::string symbol;
  double price;
  std::int32_t amount;
  bool is_buy;
  std::int64_t time;
  std::string trader;
  double fee;
  std::vector<int> legs;
  std::string note;
};
BOOST_DESCRIBE_STRUCT(Trade, (), (id, symbol, price, amount, is_buy, time, trader, fee, legs, note))

}  // namespace bench::micro

namespace {

using bench::micro::Trade;

const Trade trade{8'123'456'789,     "EURUSD",      1.08457, 250'000,   true,
                  1'699'999'999'123, "trader-0042", 2.75,    {1, 2, 3}, "filled at the open; nothing special about it"};

constexpr int turn = 1000;

template <class Work>
double seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < turn; ++i) benchmark::DoNotOptimize(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// What `ratio` has to be, for the formats that are there for speed.
template <class C>
constexpr double must = std::is_same_v<C, parley::PythonPickle> ? 0.0 : 2.0;

template <class C, class Ours, class Theirs>
void compare(benchmark::State& state, Ours ours, Theirs theirs) {
  double our_time = 0;
  double their_time = 0;
  for (auto _ : state) {
    our_time += seconds_of(ours);
    their_time += seconds_of(theirs);
  }
  const double count = static_cast<double>(state.iterations()) * turn;
  state.counters["ours_ns"] = our_time / count * 1e9;
  state.counters["boost_ns"] = their_time / count * 1e9;
  const double ratio = their_time / our_time;
  state.counters["ratio"] = ratio;
  constexpr double bound = must<C>;
  if (bound > 0) state.SetLabel(ratio >= bound ? "pass" : "SHORT: the ratio must be 2");
}

template <class C>
void encode(benchmark::State& state) {
  compare<C>(
      state, [] { return C{}.encode(trade); }, [] { return boost::json::serialize(boost::json::value_from(trade)); });
}

template <class C>
void decode(benchmark::State& state) {
  const parley::Message payload = C{}.encode(trade);
  const std::string text = boost::json::serialize(boost::json::value_from(trade));
  compare<C>(
      state, [&] { return C{}.template decode<Trade>(payload); },
      [&] { return boost::json::value_to<Trade>(boost::json::parse(text)); });
}

BENCHMARK(encode<parley::Json>);
BENCHMARK(decode<parley::Json>);
BENCHMARK(encode<parley::MessagePack>);
BENCHMARK(decode<parley::MessagePack>);
BENCHMARK(encode<parley::PythonPickle>);
BENCHMARK(decode<parley::PythonPickle>);

}  // namespace
