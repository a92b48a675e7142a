// Calls a handler from where its executor is running already, for what a dispatch would take: some hundred instructions
// and memory, for each layer that a completion goes through.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <utility>

namespace parley::detail {

/// Whether it is an event loop's, and the calling thread is running that loop. False too where it cannot tell.
inline bool is_running_here(const boost::asio::any_io_executor& executor) noexcept {
  using Plain = boost::asio::io_context::executor_type;
  using Tracked =
      decltype(boost::asio::prefer(std::declval<Plain>(), boost::asio::execution::outstanding_work.tracked));
  if (const auto* const plain = executor.target<Plain>()) return plain->running_in_this_thread();
  if (const auto* const tracked = executor.target<Tracked>()) return tracked->running_in_this_thread();
  return false;
}

/// As boost::asio::dispatch(executor, function). What it throws leaves the loop, not this function.
template <class Function>
void call_on(const boost::asio::any_io_executor& executor, Function&& function) {
  if (!is_running_here(executor)) return boost::asio::dispatch(executor, std::forward<Function>(function));
  try {
    std::forward<Function>(function)();
  } catch (...) {
    boost::asio::dispatch(executor, [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
  }
}

}  // namespace parley::detail
