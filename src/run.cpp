#include <parley/run.hpp>

#include <parley/time.hpp>

namespace parley {
namespace {

/// Runs what is ready; then looks for more until the budget is spent.
std::size_t poll_for(boost::asio::io_context& context, std::chrono::microseconds budget) {
  std::size_t total = 0;
  TimePoint idle_since = Clock::now();
  while (!context.stopped()) {
    if (const std::size_t count = context.poll(); count > 0) {
      total += count;
      idle_since = Clock::now();
    } else if (Clock::now() - idle_since >= budget) {
      break;
    }
  }
  return total;
}

}  // namespace

std::size_t run(boost::asio::io_context& context, RunOptions options) {
  if (options.poll.count() <= 0) return context.run();
  std::size_t total = 0;
  while (!context.stopped()) {
    total += poll_for(context, options.poll);
    if (!context.stopped()) total += context.run_one();
  }
  return total;
}

}  // namespace parley
