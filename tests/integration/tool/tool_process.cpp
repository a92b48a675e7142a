#include "tool_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {ends[0], ends[1]};
}

/// The terminal's own side is `write`; what is written there is read from `read`.
Pipe make_terminal() {
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || ::grantpt(ours) != 0 || ::unlockpt(ours) != 0)
    throw std::system_error(errno, std::generic_category(), "posix_openpt");
  const int theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (theirs < 0) throw std::system_error(errno, std::generic_category(), "ptsname");
  return {ours, theirs};
}

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// False at the end of the stream; a terminal ends with EIO.
bool read_some(int& descriptor, std::string& text) {
  std::array<char, 65536> chunk{};
  const ssize_t size = ::read(descriptor, chunk.data(), chunk.size());
  if (size > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(size));
    return true;
  }
  close_descriptor(descriptor);
  return false;
}

/// For standard output or error; without a `read` end where there is nothing to read.
Pipe make_output(ToolStream kind) {
  switch (kind) {
    case ToolStream::pipe: return make_pipe();
    case ToolStream::terminal: return make_terminal();
    case ToolStream::full: return {-1, ::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    case ToolStream::closed: break;
  }
  return {};
}

/// In the child.
void become_standard_stream(int descriptor, int standard) {
  if (descriptor >= 0) {
    ::dup2(descriptor, standard);
  } else {
    ::close(standard);
  }
}

}  // namespace

ToolProcess::ToolProcess(const std::vector<std::string>& arguments, const ToolSetting& setting) {
  static const std::string program = std::string{PARLEY_BIN_DIR} + "/parley";
  std::vector<char*> argv{const_cast<char*>("parley")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const Pipe in = setting.in == ToolStream::closed ? Pipe{} : make_pipe();
  const Pipe out = make_output(setting.out);
  const Pipe err = make_output(setting.err);
  process_ = ::fork();
  if (process_ == 0) {
    become_standard_stream(in.read, STDIN_FILENO);
    become_standard_stream(out.write, STDOUT_FILENO);
    become_standard_stream(err.write, STDERR_FILENO);
    for (const std::string& variable : setting.environment) ::putenv(const_cast<char*>(variable.c_str()));
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  for (int descriptor : {in.read, out.write, err.write}) close_descriptor(descriptor);
  in_ = in.write;
  out_ = out.read;
  err_ = err.read;
}

ToolProcess::~ToolProcess() {
  for (int* descriptor : {&in_, &out_, &err_}) close_descriptor(*descriptor);
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void ToolProcess::type(const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t size = ::write(in_, text.data() + written, text.size() - written);
    if (size < 0) throw std::system_error(errno, std::generic_category(), "standard input of the tool");
    written += static_cast<std::size_t>(size);
  }
}

void ToolProcess::end_input() { close_descriptor(in_); }
void ToolProcess::end_output() { close_descriptor(out_); }
void ToolProcess::send_signal(int number) const { ::kill(process_, number); }

void ToolProcess::output_begins() {
  const auto deadline = SteadyClock::now() + patience;
  while (out_text_.empty())
    if (!read_more(deadline)) throw std::runtime_error("the tool printed nothing but said:\n" + err_text_);
}

std::string ToolProcess::listening_endpoint() {
  const std::string line = error_line_with("listening on ");
  return line.substr(line.find("listening on ") + 13);
}

std::string ToolProcess::line_with(int, std::string& text, const std::string& wanted) {
  const auto deadline = SteadyClock::now() + patience;
  for (;;) {
    if (const std::size_t at = text.find(wanted); at != std::string::npos) {
      const std::size_t begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
      const std::size_t end = text.find('\n', at);
      if (end != std::string::npos) return text.substr(begin, end - begin);
    }
    if (!read_more(deadline))
      throw std::runtime_error("the tool did not say \"" + wanted + "\" but:\n" + out_text_ + err_text_);
  }
}

bool ToolProcess::read_more(SteadyClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  std::array<pollfd, 2> streams{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  if (left.count() <= 0 || (out_ < 0 && err_ < 0)) return false;
  if (::poll(streams.data(), streams.size(), static_cast<int>(left.count())) <= 0) return false;
  if (streams[0].revents != 0) read_some(out_, out_text_);
  if (streams[1].revents != 0) read_some(err_, err_text_);
  return true;
}

int ToolProcess::wait() {
  const auto deadline = SteadyClock::now() + patience;
  while (read_more(deadline)) {
  }
  if (SteadyClock::now() >= deadline) ::kill(process_, SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

ToolResult run_tool(const std::vector<std::string>& arguments, const std::string& input, const ToolSetting& setting) {
  ToolProcess tool{arguments, setting};
  tool.type(input);
  tool.end_input();
  const int code = tool.wait();
  return {code, tool.output(), tool.errors()};
}

}  // namespace parley::test
