// PrivateThread: an event loop and the thread that runs it, for objects that have to go on between the calls of a
// program without a loop.
//
// The thread takes no signals but those that say it has crashed itself: a handler of the program's never runs in it. An
// exception that leaves a handler ends the program, as one that leaves any thread does.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include <sys/types.h>

namespace parley::blocking::detail {

class PrivateThread {
 public:
  /// `name`, of at most 15 bytes, is what the system calls the thread. Throws std::system_error when it gives none.
  explicit PrivateThread(const char* name);
  PrivateThread(const PrivateThread&) = delete;
  PrivateThread& operator=(const PrivateThread&) = delete;
  /// Stops what still goes on. Nobody may wait.
  ~PrivateThread();

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

  /// Starts an operation with a handler for `Results...` and waits until the thread has called that.
  template <class... Results, class Start>
  std::tuple<boost::system::error_code, Results...> await(Start start) {
    Operation<Results...> operation;
    start([&operation](boost::system::error_code ec, Results... results) {
      operation.results.emplace(ec, std::move(results)...);
      operation.finish();
    });
    operation.wait();
    return std::move(*operation.results);
  }

  /// Around fork(), as Asio's, with nobody waiting. The thread is gone from fork_prepare until one of the others.
  void notify_fork(boost::asio::execution_context::fork_event event);
  /// False between fork_prepare and one of the others, and in a child that has not been told of the fork.
  [[nodiscard]] bool is_running() const noexcept;
  /// Whether this is the thread that calls: one that waits for itself waits for ever.
  [[nodiscard]] bool is_calling() const noexcept;

 private:
  class Wait {
   public:
    void finish();
    void wait();

   private:
    std::mutex mutex_;
    std::condition_variable finished_;
    bool is_finished_ = false;
  };
  template <class... Results>
  struct Operation : Wait {
    std::optional<std::tuple<boost::system::error_code, Results...>> results;
  };

  void start();
  void stop();

  const char* const name_;
  boost::asio::io_context context_{1};  // the hint that one thread runs it
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
  pid_t process_ = 0;  // in which the thread is
};

/// Runs it on a thread of its own, which nobody waits for.
void run_detached(std::function<void()> task);

}  // namespace parley::blocking::detail
