#include "app/loops.hpp"

#include <parley/run.hpp>

#include <boost/asio/post.hpp>

#include <thread>
#include <utility>

namespace parley::app::detail {

void Loops::grow(std::size_t count) {
  while (loops_.size() < count) loops_.push_back(std::make_unique<Loop>());
}

void Loops::run(std::chrono::microseconds poll) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < loops_.size(); ++i) {
    threads.emplace_back([this, i, poll] { run_one(*loops_[i], poll); });
  }
  run_one(*loops_.front(), poll);
  threads.clear();  // joined
  if (const auto thrown = std::exchange(thrown_, nullptr)) std::rethrow_exception(thrown);
}

void Loops::run_one(Loop& loop, std::chrono::microseconds poll) {
  try {
    parley::run(loop.context, {.poll = poll});
  } catch (...) {
    {
      const std::lock_guard lock{mutex_};
      if (!thrown_) thrown_ = std::current_exception();
    }
    for (const auto& each : loops_) each->context.stop();
  }
}

void Loops::finish() {
  for (const auto& loop : loops_) {
    boost::asio::post(loop->context, [context = &loop->context] { context->stop(); });
  }
}

}  // namespace parley::app::detail
