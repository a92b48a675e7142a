// parley: the command-line tool.
#include "command_line.hpp"
#include "commands.hpp"
#include "console.hpp"
#include "demo/demo.hpp"
#include "talk_text.hpp"

#include <parley/log.hpp>

#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
  if (written) return ExitCode::ok;
  if (errno != EPIPE) say_error(std::string{"cannot write: "} + std::strerror(errno));
  return ExitCode::failure;
}

ExitCode run(const CommandLine& line) {
  if (line.is_verbose()) tell_what_the_library_does();
  switch (line.command) {
    case Command::listen: return run_listen(line.talk);
    case Command::connect: return run_connect(line.talk);
    case Command::send: return run_send(line.socket);
    case Command::receive: return run_receive(line.socket);
    case Command::echo: return run_echo(line.socket);
    case Command::proxy: return run_proxy(line.proxy);
    case Command::peers: return run_peers(line.peers);
    case Command::request: return run_request(line.request);
    case Command::serve: return run_serve(line.serve);
    case Command::routes: return run_routes(line.routes);
    case Command::tunnel: return run_tunnel(line.tunnel);
    case Command::gateway: return run_gateway(line.gateway);
    case Command::demo: return run_demo();
    case Command::demo_server: return run_demo_server(line.talk.endpoint, line.demo_certificate);
    case Command::demo_client: return run_demo_client(line.talk.endpoint, line.demo_role, line.demo_certificate);
    case Command::demo_desk: return run_demo_desk(line.talk.endpoint);
    case Command::demo_asker: return run_demo_asker(line.talk.endpoint, line.demo_role);
    case Command::demo_station: return run_demo_station(line.talk.endpoint);
    case Command::demo_device: return run_demo_device(line.talk.endpoint, line.demo_role);
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
  } catch (const std::invalid_argument& e) {  // what the library finds wrong about an endpoint
    return fail(e, ExitCode::usage, json);
  } catch (const boost::system::system_error& e) {
    // Asio's words for it are for programmers.
    if (e.code() != boost::system::errc::too_many_files_open) return fail(e, ExitCode::failure, json);
    return fail(std::runtime_error{"too few files may be open for parley to begin; see ulimit -n"}, ExitCode::failure,
                json);
  } catch (const std::exception& e) {
    return fail(e, ExitCode::failure, json);
  }
}

/// Takes the place of standard streams that were closed (`<&-`, `>&-`). Otherwise the next socket would get the number,
/// and what is printed would go to a peer. Reading finds the end, and writing standard output is an error.
void occupy_closed_streams() {
  constexpr std::pair<int, int> streams[]{
      {STDIN_FILENO, O_RDONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}};
  // In this order, open() gives the number that is free.
  for (const auto& [descriptor, mode] : streams)
    if (::fcntl(descriptor, F_GETFD) < 0) static_cast<void>(::open("/dev/null", mode));
}

}  // namespace

int main(int argc, char** argv) {
  occupy_closed_streams();
  // A reader of standard output that goes away is an error of a write, not the death of the tool.
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(run_reporting(argc, argv));
}
