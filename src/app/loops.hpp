// Loops: the event loops of a server or client that is a program of its own, one thread each.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

namespace parley::app::detail {

class Loops {
 public:
  Loops() { grow(1); }

  /// To so many, before they run.
  void grow(std::size_t count);
  [[nodiscard]] std::size_t count() const noexcept { return loops_.size(); }
  [[nodiscard]] boost::asio::any_io_executor executor(std::size_t index) const {
    return loops_[index]->context.get_executor();
  }
  /// On this thread and others, until finish() was called. Throws what left a handler, once all have ended.
  void run(std::chrono::microseconds poll);
  /// Any thread: each ends behind what is posted to it already.
  void finish();

 private:
  struct Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  };

  void run_one(Loop& loop, std::chrono::microseconds poll);

  std::vector<std::unique_ptr<Loop>> loops_;
  std::mutex mutex_;
  std::exception_ptr thrown_;
};

}  // namespace parley::app::detail
