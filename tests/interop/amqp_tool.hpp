// The parley tool as a program that meets others over a broker.
#pragma once

#include "interop/amqp_meeting.hpp"
#include "support/child_process.hpp"

#include <string>
#include <vector>

namespace parley::interop::amqp_tool {

using Words = std::vector<std::string>;

/// The command for a ChildProcess.
inline Words tool(const Words& arguments) {
  Words command{PARLEY_BIN_DIR "/parley"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// To its end, with nothing on its standard input.
inline support::ChildResult run_tool(const Words& arguments) {
  support::ChildProcess program{tool(arguments)};
  program.end_input();
  return program.wait(amqp_patience);
}

}  // namespace parley::interop::amqp_tool
