// The command line: what the user wrote, checked and turned into options.
#pragma once

#include "read_talk.hpp"
#include "talk_options.hpp"

#include <string>

namespace parley::tool {

enum class Command {
  none,  ///< help or the version was asked for: `text` is to be printed
  listen,
  connect,
  demo,
  demo_server,  ///< one of the processes that a demo starts
  demo_client,
};

struct CommandLine {
  Command command = Command::none;
  std::string text;              ///< for Command::none
  TalkOptions talk;              ///< for listen and connect
  std::string demo_role;         ///< for demo_client: its name
  std::string demo_certificate;  ///< over TLS: the file of the server's, or of what the client trusts
};

/// Throws UsageError.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

/// Whether errors in this command line are to be reported as JSON, although it could not be parsed.
[[nodiscard]] bool asks_for_json(int argc, const char* const* argv);

}  // namespace parley::tool
