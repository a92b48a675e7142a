// One run of a command by /bin/sh: a text goes to its standard input, and what it prints is given back.
//
//   CommandResult result = co_await run_shell_command(executor, {"wc -c", 1024}, "text", kill);
//
// The command has the environment of this process and what is added to it, its standard error, or a pipe that leads
// there, and none of its other descriptors. It and the processes it starts are a process group of their own, which is
// killed as a whole when a limit is passed, by the switch, or when the loop is destroyed; the shell is always waited
// for, so that no zombie stays.
#pragma once

#include "kill_switch.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

struct ShellCommand {
  std::string line;             ///< for the shell
  std::size_t output_size_max;  ///< more is a failure
  std::optional<std::chrono::duration<double>> time_out{};
  bool keeps_complaint = false;            ///< its standard error is read on its way, for CommandResult::complaint
  std::vector<std::string> environment{};  ///< NAME=value, beside what this process has
};

struct CommandResult {
  std::string output;
  std::string failure;             ///< "left with exit code 1"; empty when all went well
  std::string complaint{};         ///< the last line on its standard error, if that was kept
  std::optional<int> exit_code{};  ///< as a shell has it, 128 and more for a signal; none where it was killed here
};

/// Completes when the shell has ended and nobody has its standard output open any more.
[[nodiscard]] boost::asio::awaitable<CommandResult> run_shell_command(boost::asio::any_io_executor executor,
                                                                      ShellCommand command, std::string input,
                                                                      std::shared_ptr<KillSwitch> kill);

}  // namespace parley::tool
