#include "child_process.hpp"

#include "channel.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace parley::tool::demo {
namespace {

/// The two ends of a channel.
struct SocketPair {
  int ours;
  int theirs;
};

SocketPair make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  return {ends[0], ends[1]};
}

std::vector<char*> make_argv(const std::vector<std::string>& arguments) {
  static char program[] = "parley";
  std::vector<char*> argv{program};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

/// Between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* argv, int channel, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before that took effect
  ::dup2(channel, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execv("/proc/self/exe", argv);
  ::_exit(127);
}

pid_t start(const std::vector<std::string>& arguments, int channel) {
  const std::vector<char*> argv = make_argv(arguments);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (process == 0) become(argv.data(), channel, parent);
  return process;
}

}  // namespace

ChildProcess::ChildProcess(const boost::asio::any_io_executor& executor, std::string name,
                           const std::vector<std::string>& arguments)
    : name_{std::move(name)} {
  const SocketPair ends = make_socket_pair();
  channel_ = adopt_channel(executor, ends.ours);
  process_ = start(arguments, ends.theirs);
  ::close(ends.theirs);
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::string ChildProcess::title() const { return fmt::format("{} (process {})", name_, process_); }

std::optional<int> ChildProcess::poll_status() {
  int status = 0;
  if (!status_ && ::waitpid(process_, &status, WNOHANG) == process_) status_ = status;
  return status_;
}

}  // namespace parley::tool::demo
