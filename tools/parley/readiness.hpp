// Waiting until one of the standard streams, or a file, can be read or written without blocking.
//
// A descriptor handed to us is never made non-blocking: that flag belongs to the open file, which the shell and other
// programs share. And epoll refuses plain files, which are always ready. So the descriptor goes into an epoll set of
// its own, and the event loop waits for that set.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace parley::tool {

class Readiness {
 public:
  enum class For { reading, writing };

  /// `descriptor` stays the caller's, and open for as long as this object. Throws boost::system::system_error.
  Readiness(const boost::asio::any_io_executor& executor, int descriptor, For what);

  /// Returns at once, without suspending, when it is ready already. Throws boost::system::system_error when cancelled.
  [[nodiscard]] boost::asio::awaitable<void> wait();

  void cancel();

 private:
  [[nodiscard]] bool is_ready() const noexcept;

  int descriptor_;
  short poll_events_;
  bool always_ready_ = false;
  boost::asio::posix::stream_descriptor set_;
};

}  // namespace parley::tool
