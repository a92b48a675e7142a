// Calls a handler from where its executor is running already, for what a dispatch would take: some hundred instructions
// and memory, for each layer that a completion goes through.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <exception>
#include <utility>

namespace parley::detail {

/// Whether a function may be called at once in place of being handed to the executor: it is an event loop's which the
/// calling thread is running, and does not ask to be called from the loop itself. False too where that cannot be told.
inline bool is_running_here(const boost::asio::any_io_executor& executor) noexcept {
  using Plain = boost::asio::io_context::executor_type;
  using Tracked =
      decltype(boost::asio::prefer(std::declval<Plain>(), boost::asio::execution::outstanding_work.tracked));
  const auto here = [](const auto& of) {
    namespace execution = boost::asio::execution;
    return boost::asio::query(of, execution::blocking) != execution::blocking.never && of.running_in_this_thread();
  };
  if (const auto* const plain = executor.target<Plain>()) return here(*plain);
  if (const auto* const tracked = executor.target<Tracked>()) return here(*tracked);
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
