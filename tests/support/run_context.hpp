// Runs an io_context in a test until something is so, with a bound that only a hang reaches.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace parley::support {

inline constexpr std::chrono::seconds hang_bound{20};

/// False if `done()` is not so within the bound, or when the context has run out of work.
template <class Predicate>
[[nodiscard]] bool run_until(boost::asio::io_context& context, Predicate done) {
  const auto give_up = std::chrono::steady_clock::now() + hang_bound;
  context.restart();
  while (!done()) {
    if (context.run_one_until(give_up) == 0) return done();
  }
  return true;
}

/// True if all work ends within the bound.
[[nodiscard]] inline bool run_to_end(boost::asio::io_context& context) {
  context.restart();
  context.run_for(hang_bound);
  return context.stopped();
}

/// The same by several threads at once.
[[nodiscard]] inline bool run_to_end(boost::asio::io_context& context, int threads) {
  context.restart();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) running.emplace_back([&] { context.run_for(hang_bound); });
  for (std::thread& each : running) each.join();
  return context.stopped();
}

}  // namespace parley::support
