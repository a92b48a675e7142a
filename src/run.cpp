#include <parley/run.hpp>

#include "detail/context_service.hpp"

#include <parley/time.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>

namespace parley {
namespace {

/// For as long as it lives, links that have nothing to read are asked instead of waited for.
class Polling {
 public:
  explicit Polling(boost::asio::io_context& context)
      : service_{boost::asio::use_service<detail::ContextService>(context)}, work_{context.get_executor()} {
    service_.begin_polling();
  }
  Polling(const Polling&) = delete;
  Polling& operator=(const Polling&) = delete;
  ~Polling() { service_.end_polling(); }

  /// Runs what is ready and asks the streams a good many times; returns how much there was. The asking is a handler of
  /// the context itself, so that the handlers it calls run at once and need not be posted.
  std::size_t poll(boost::asio::io_context& context) {
    boost::asio::post(context, [&service = service_, tally = tally_] {
      tally->own.fetch_add(1);
      bool any_polled = true;
      for (unsigned round = 0; any_polled && round < rounds; ++round) {
        if (service.poll(any_polled)) tally->found.fetch_add(1);
      }
    });
    const std::size_t handlers = context.poll();
    const std::size_t own = std::min(tally_->own.exchange(0), handlers);
    return tally_->found.exchange(0) + handlers - own;
  }

 private:
  // Asking a stream is cheaper than asking the reactor, and more likely to find something.
  static constexpr unsigned rounds = 32;

  detail::ContextService& service_;
  struct Tally {
    std::atomic<std::size_t> found{0};
    std::atomic<std::size_t> own{0};  // handlers of ours, which are nobody's work
  };
  // Another thread that runs the context may take the posted handler, at its own time.
  std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
  // What is polled has no operation pending that would keep the context from thinking itself out of work.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

/// Runs what is ready; then looks for more until the budget is spent.
std::size_t poll_for(boost::asio::io_context& context, std::chrono::microseconds budget) {
  Polling polling{context};
  std::size_t total = 0;
  TimePoint idle_since = Clock::now();
  while (!context.stopped()) {
    const std::size_t count = polling.poll(context);
    total += count;
    if (count > 0) {
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
