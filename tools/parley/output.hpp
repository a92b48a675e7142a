// Standard output, written by the event loop: a reader that is slow (a pager, a pipe) never stops the loop, so that
// signals, time limits and other peers go on.
#pragma once

#include "readiness.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace parley::tool {

/// Everything is called from the thread that runs the executor.
class Output {
 public:
  /// `on_failure` is called once, when writing has failed for good; a closed pipe is the usual case.
  Output(boost::asio::any_io_executor executor, std::function<void(int error_number)> on_failure);

  /// Queues the text; it is written from the next turn of the loop on.
  void write(std::string_view text);

  /// Waits while much is queued. Returns at once after a failure.
  [[nodiscard]] boost::asio::awaitable<void> room();
  /// Waits until all is written, or cannot be.
  [[nodiscard]] boost::asio::awaitable<void> drained();

  /// Drops what is queued, for a reader that does not take it; from then on writing has failed.
  void give_up();

  [[nodiscard]] bool has_backlog() const noexcept { return writing_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  [[nodiscard]] boost::asio::awaitable<void> write_all_queued();
  [[nodiscard]] boost::asio::awaitable<void> write_out(std::string_view text);
  void fail(int error_number);

  boost::asio::any_io_executor executor_;
  std::function<void(int)> on_failure_;
  Readiness writable_;
  boost::asio::steady_timer progress_;  // never expires: cancelled to wake those who wait
  std::string queued_;
  std::size_t write_size_max_;
  bool writing_ = false;
  bool failed_ = false;
};

}  // namespace parley::tool
