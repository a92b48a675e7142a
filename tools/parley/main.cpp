// parley: the command-line tool.
#include "command_line.hpp"
#include "commands.hpp"
#include "console.hpp"
#include "demo/demo.hpp"
#include "talk_text.hpp"

#include <parley/log.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

namespace {

using namespace parley::tool;

void tell_what_the_library_does() {
  parley::set_log_hook([](parley::LogLevel level, std::string_view text, std::string_view endpoint) {
    std::string line{level == parley::LogLevel::warning ? "warning: " : ""};
    line += text;
    if (!endpoint.empty()) line.append(" (").append(endpoint).append(")");
    say(line, Colour::dim);
  });
}

ExitCode print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? ExitCode::ok : ExitCode::failure;
}

ExitCode run(const CommandLine& line) {
  if (line.talk.verbose) tell_what_the_library_does();
  switch (line.command) {
    case Command::listen: return run_listen(line.talk);
    case Command::connect: return run_connect(line.talk);
    case Command::demo: return run_demo();
    case Command::demo_server: return run_demo_server(line.talk.endpoint);
    case Command::demo_client: return run_demo_client(line.talk.endpoint, line.demo_role);
    case Command::none: break;
  }
  return print(line.text);
}

ExitCode fail(const std::exception& failure, ExitCode code, bool json) {
  report_error(failure.what(), code, json);
  return code;
}

ExitCode run_reporting(int argc, const char* const* argv) {
  const bool json = asks_for_json(argc, argv);
  try {
    return run(parse_command_line(argc, argv));
  } catch (const UsageError& e) {
    return fail(e, ExitCode::usage, json);
  } catch (const std::exception& e) {
    return fail(e, ExitCode::failure, json);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of standard output that goes away is an error of a write, not the death of the tool.
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(run_reporting(argc, argv));
}
