// The commands that answer requests: so many at a time, each until it has answered or nobody waits for it.
#pragma once

#include "exec/shell_command.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <string>

namespace parley::tool {

/// Shared with the runs, which may be the last to go.
class CommandRuns : public std::enable_shared_from_this<CommandRuns> {
 public:
  CommandRuns(const boost::asio::any_io_executor& executor, std::size_t count_max);

  /// Waits for a place, then for the command. Cancelled, it kills the command.
  [[nodiscard]] boost::asio::awaitable<CommandResult> run(ShellCommand command, std::string input);

  /// Kills every command at work, before this returns.
  void kill_all(const std::string& why);

  /// Until none is at work; not for commands that are not killed.
  [[nodiscard]] boost::asio::awaitable<void> all_ended();

  /// The loop goes: those that are still at work die with it, and no timer is touched any more.
  void abandon() noexcept { is_abandoned_ = true; }

 private:
  class Place;

  boost::asio::any_io_executor executor_;
  std::size_t count_max_;
  boost::asio::steady_timer changed_;  // never expires: cancelled when a command has ended
  std::set<std::shared_ptr<KillSwitch>> running_;
  bool is_abandoned_ = false;
};

}  // namespace parley::tool
