// Loop: an event loop that belongs to no thread. Those who wait run it: one at a time leads, which is to run handlers
// and to sit in the reactor; the others sleep until the leader has done what they wait for, or hands over to one of
// them.
//
// Only the leader runs handlers. If others did, one could run the handler that the leader waits for, and leave it in
// the reactor with nothing to wake it up.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace parley::blocking::detail {

class Loop {
 public:
  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

  /// Starts an operation with a handler for `Results...` and runs the loop until that has been called.
  ///
  /// When an exception leaves some handler meanwhile (a framing of the program's own threw), the operation is
  /// cancelled, and the exception leaves here. If the operation was done by then, its result counts and the exception
  /// is dropped: what a framing choked on is still there, and comes up again.
  template <class... Results, class Start>
  std::tuple<boost::system::error_code, Results...> perform(Start start) {
    Operation<boost::system::error_code, Results...> operation;
    start(boost::asio::bind_cancellation_slot(operation.cancel.slot(), handler_of(operation)));
    run_until(operation);
    if (operation.thrown && std::get<0>(*operation.results)) std::rethrow_exception(operation.thrown);
    return std::move(*operation.results);
  }

  /// Runs a coroutine to its end; gives its result, or throws what it threw. Exceptions of other handlers are dropped.
  template <class T>
  T await(boost::asio::awaitable<T> task) {
    Operation<std::exception_ptr, T> operation;
    boost::asio::co_spawn(context_, std::move(task), handler_of(operation));
    run_until(operation);
    auto& [failure, result] = *operation.results;
    if (failure) std::rethrow_exception(failure);
    return std::move(result);
  }

  /// Runs what is ready, without waiting; leaves it to the leader if there is one.
  void poll();

  /// Around fork(), as Asio's; nobody may be in a call meanwhile.
  void notify_fork(boost::asio::execution_context::fork_event event) { context_.notify_fork(event); }

 private:
  struct Waited {
    bool is_done = false;                     // under mutex_
    std::condition_variable changed;          // it is done, or is to lead
    boost::asio::cancellation_signal cancel;  // of the thread that waits, when it leads
    std::exception_ptr thrown;                // by another handler, into the thread that waits
  };
  template <class... Results>
  struct Operation : Waited {
    std::optional<std::tuple<Results...>> results;
  };

  template <class... Results>
  auto handler_of(Operation<Results...>& operation) {
    return [this, &operation](Results... results) {
      operation.results.emplace(std::move(results)...);
      finish(operation);
    };
  }

  using Lock = std::unique_lock<std::mutex>;

  void finish(Waited& operation);
  void run_until(Waited& operation);
  void follow(Lock& lock, Waited& operation);
  void lead(Lock& lock, Waited& operation);
  void hand_over();

  boost::asio::io_context context_{1};  // the hint that one thread runs it at a time
  // Running out of work would stop it, under the feet of the next who waits.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::mutex mutex_;
  bool is_led_ = false;
  std::vector<Waited*> followers_;  // none of them done
};

}  // namespace parley::blocking::detail
