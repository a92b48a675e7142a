// What happens in a run of simulated requests: by which rules it is rolled, and how often what has been.
#pragma once

#include "policy/rpc_party.hpp"
#include "support/request_checker.hpp"

#include <parley/testing/simulator.hpp>
#include <parley/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <random>

namespace parley::test::simulated_requests {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_{seed * 0x9e3779b97f4a7c15U + 11} {}
  int pick(int from, int to) { return std::uniform_int_distribution<int>{from, to}(engine_); }
  Duration span(int from, int to) { return std::chrono::milliseconds{pick(from, to)}; }
  bool chance(double probability) { return std::uniform_real_distribution<double>{}(engine_) < probability; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[pick(0, static_cast<int>(values.size()) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

/// What happens in a run.
struct Plan {
  testing::Faults faults;
  policy::RpcParty::Settings marks;
  int client_count = 1;
  int work_time_max = 0;  // ms
  bool has_large = false;
  bool has_restarts = false;
  double reject = 0;
};

inline Plan plan_for(Dice& dice) {
  Plan plan;
  testing::Faults& faults = plan.faults;
  if (dice.chance(0.8)) faults.delay_max = dice.span(1, 200);
  if (dice.chance(0.5)) faults.split = 0.3;
  if (dice.chance(0.3)) faults.refuse = 0.3;
  if (dice.chance(0.6)) faults.cut_every = dice.span(200, 5000);
  if (dice.chance(0.4)) faults.half_open_every = dice.span(500, 10'000);
  const auto size = [&](int from, int to) { return static_cast<std::size_t>(dice.pick(from, to)); };
  if (dice.chance(0.3)) faults.buffer_size = size(50, 5000);
  plan.has_large = faults.buffer_size > 10'000 && dice.chance(0.1);
  plan.has_restarts = dice.chance(0.5);
  plan.client_count = dice.pick(1, 3);
  plan.work_time_max = dice.one_of({0, 100, 3000});
  plan.reject = dice.chance(0.2) ? 0.2 : 0;
  const bool are_narrow = dice.chance(0.6);
  plan.marks.calls_max = are_narrow ? size(2, 30) : 10'000;
  plan.marks.kept_count_max = are_narrow ? size(1, 30) : 10'000;
  plan.marks.kept_size_max = are_narrow ? size(100, 10'000) : 100'000'000;
  plan.marks.jobs_max = are_narrow ? size(1, 5) : 1000;
  plan.marks.deferred_count_max = are_narrow ? size(0, 10) : 10'000;
  plan.marks.deferred_size_max = are_narrow ? size(100, 10'000) : 100'000'000;
  return plan;
}

struct Counts {
  testing::FaultCounts faults;
  std::array<std::uint64_t, RequestChecker::ending_count> endings{};
  std::uint64_t asked = 0;
  std::uint64_t notices = 0;
  std::uint64_t in_chunks = 0;
  std::uint64_t refused = 0;
  std::uint64_t sent_again = 0;
  std::uint64_t came_again = 0;  // while in work
  std::uint64_t deferred = 0;
  std::uint64_t too_many = 0;
  std::uint64_t answers_kept = 0;
  std::uint64_t answers_dropped = 0;
  std::uint64_t replaced = 0;  // connections, by another of the same client's
  std::uint64_t rejected = 0;
  std::uint64_t forgotten = 0;
};

inline void add(Counts& sum, const Counts& run) {
  const auto& [delayed, split, refused, cut, half_open, killed] = run.faults;
  sum.faults.delayed += delayed;
  sum.faults.split += split;
  sum.faults.refused += refused;
  sum.faults.cut += cut;
  sum.faults.half_open += half_open;
  sum.faults.killed += killed;
  for (std::size_t i = 0; i < sum.endings.size(); ++i) sum.endings[i] += run.endings[i];
  using Count = std::uint64_t Counts::*;
  for (const Count count : {&Counts::asked, &Counts::notices, &Counts::in_chunks, &Counts::refused, &Counts::sent_again,
                            &Counts::came_again, &Counts::deferred, &Counts::too_many, &Counts::answers_kept,
                            &Counts::answers_dropped, &Counts::replaced, &Counts::rejected, &Counts::forgotten}) {
    sum.*count += run.*count;
  }
}

inline void tell(const Counts& sum) {
  const testing::FaultCounts& faults = sum.faults;
  std::cout << faults.delayed << " pieces delayed, " << faults.split << " writes split, " << faults.refused
            << " dials refused, " << faults.cut << " connections cut, " << faults.half_open << " half-open, "
            << sum.replaced << " replaced, " << sum.rejected << " rejected, " << faults.killed << " sides restarted, "
            << sum.forgotten << " clients forgotten\n";
  const auto ended = [&](RequestChecker::Ending ending) { return sum.endings[static_cast<std::size_t>(ending)]; };
  std::cout << sum.asked << " requests and " << sum.notices << " notices, " << sum.refused
            << " of them refused: " << ended(RequestChecker::Ending::answered) << " answered, "
            << ended(RequestChecker::Ending::failed) << " answered by an error, "
            << ended(RequestChecker::Ending::timed_out) << " timed out, " << ended(RequestChecker::Ending::cancelled)
            << " cancelled, " << ended(RequestChecker::Ending::disconnected) << " disconnected, "
            << ended(RequestChecker::Ending::given_up) << " given up\n"
            << sum.sent_again << " sent again, " << sum.came_again << " of those while in work, " << sum.deferred
            << " deferred, " << sum.too_many << " too many, " << sum.in_chunks << " in chunks; " << sum.answers_kept
            << " answers kept, " << sum.answers_dropped << " dropped\n";
}

}  // namespace parley::test::simulated_requests
