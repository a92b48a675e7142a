// Running an event loop with a poll budget.
#pragma once

#include <parley/detail/export.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>

namespace parley {

/// Settings of run().
struct RunOptions {
  /// How long the loop may look for work without sleeping before it blocks in the kernel. Waking a sleeping thread
  /// costs tens of microseconds, so a budget cuts the latency of an exchange several times over; it burns the core
  /// while it lasts. 0: block at once, as io_context::run does.
  std::chrono::microseconds poll{0};
};

/// io_context::run with a poll budget: returns the number of handlers run, when the context is stopped or out of work.
/// Any number of threads may run one context. Exceptions from handlers leave it, and it may be called again.
PARLEY_EXPORT std::size_t run(boost::asio::io_context& context, RunOptions options = {});

}  // namespace parley
