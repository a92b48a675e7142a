// parley-agent: the conformance program of the aiomsg protocol. Its command line is that of every implementation.
#include "command_line.hpp"
#include "conversation.hpp"
#include "say.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <csignal>
#include <exception>
#include <stdexcept>

namespace {

using namespace parley::agent;

enum ExitCode { success = 0, failure = 1, usage = 2 };

int hold_conversation(const Settings& settings) {
  boost::asio::io_context context{1};
  Conversation conversation{context, settings};
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, conversation.hold(), [&](std::exception_ptr e) {
    thrown = e;
    context.stop();
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return success;
}

int run(int argc, const char* const* argv) {
  const auto settings = parse_command_line(argc, argv);
  if (settings) return hold_conversation(*settings);
  say(help_text());
  return success;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // These end the program at once, also where a shell has had them ignored.
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  try {
    return run(argc, argv);
  } catch (const UsageError& e) {
    say(std::string{e.what()} + "; see parley-agent --help");
    return usage;
  } catch (const std::invalid_argument& e) {
    say(e.what());
    return usage;
  } catch (const std::exception& e) {
    say(e.what());
    return failure;
  }
}
