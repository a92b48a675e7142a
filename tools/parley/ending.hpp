// The reason a command leaves: the first one given is the one that counts.
#pragma once

#include "exit_code.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace parley::tool {

class Ending {
 public:
  explicit Ending(const boost::asio::any_io_executor& executor)
      : given_{executor, boost::asio::steady_timer::time_point::max()} {}

  void leave(ExitCode code) {
    if (!code_) code_ = code;
    given_.cancel();
  }

  [[nodiscard]] bool is_given() const noexcept { return code_.has_value(); }

  [[nodiscard]] boost::asio::awaitable<ExitCode> wait() {
    while (!code_) co_await given_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return *code_;
  }

 private:
  std::optional<ExitCode> code_;
  boost::asio::steady_timer given_;  // never expires
};

}  // namespace parley::tool
