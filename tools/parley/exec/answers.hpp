// The commands that answer the messages of all peers: a run for each message, a bounded number of them at once.
#pragma once

#include "kill_switch.hpp"
#include "shell_command.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <string>

namespace parley::tool {

class Answers {
 public:
  Answers(const boost::asio::any_io_executor& executor, std::size_t at_once_max);

  /// Waits for a place, then for the command. One of them at a time for each peer keeps answers in order.
  [[nodiscard]] boost::asio::awaitable<CommandResult> by(ShellCommand command, std::string input,
                                                         std::shared_ptr<KillSwitch> kill);

  /// Kills every command at work, before this returns.
  void kill_all(const std::string& why);

  /// Asked for and not given yet.
  [[nodiscard]] std::size_t due_count() const noexcept { return due_count_; }

 private:
  boost::asio::any_io_executor executor_;
  std::size_t at_once_max_;
  boost::asio::steady_timer place_;  // never expires: cancelled for one who waits when a command has ended
  std::set<std::shared_ptr<KillSwitch>> running_;
  std::size_t due_count_ = 0;
};

}  // namespace parley::tool
