#include "support/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::support {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Pipe {
  int read;
  int write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {ends[0], ends[1]};
}

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

void read_some(int& descriptor, std::string& text) {
  std::array<char, 65536> chunk;
  const ssize_t size = ::read(descriptor, chunk.data(), chunk.size());
  if (size <= 0) return close_descriptor(descriptor);
  text.append(chunk.data(), static_cast<std::size_t>(size));
}

pid_t spawn(const std::vector<std::string>& command, int in, int out, int err) {
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t process = -1;
  const int failure = ::posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " + command[0] + ": " + std::strerror(failure));
  return process;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command) : name_{command.at(0)} {
  const Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  in_ = in.write;
  in_reader_ = in.read;  // kept: without any reader, writing would raise SIGPIPE once the child has gone
  out_ = out.read;
  err_ = err.read;
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
  try {
    process_ = spawn(command, in.read, out.write, err.write);
  } catch (...) {
    for (int* descriptor : {&in_, &in_reader_, &out_, &err_, &out.write, &err.write}) close_descriptor(*descriptor);
    throw;
  }
  close_descriptor(out.write);
  close_descriptor(err.write);
}

ChildProcess::~ChildProcess() {
  for (int* descriptor : {&in_, &in_reader_, &out_, &err_}) close_descriptor(*descriptor);
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void ChildProcess::type(const std::string& text) {
  typed_ += text;
  write_typed();
}

void ChildProcess::end_input() {
  input_ended_ = true;
  write_typed();
}

void ChildProcess::write_typed() {
  while (!typed_.empty()) {
    const ssize_t size = ::write(in_, typed_.data(), typed_.size());
    if (size <= 0) return;
    typed_.erase(0, static_cast<std::size_t>(size));
  }
  if (input_ended_) close_descriptor(in_);
}

std::string ChildProcess::error_line_with(const std::string& text, std::chrono::seconds patience) {
  const auto deadline = SteadyClock::now() + patience;
  for (;;) {
    const std::size_t at = errors_.find(text);
    const std::size_t end = at == std::string::npos ? at : errors_.find('\n', at);
    if (end != std::string::npos) {
      const std::size_t before = errors_.rfind('\n', at);
      const std::size_t begin = before == std::string::npos ? 0 : before + 1;
      return errors_.substr(begin, end - begin);
    }
    if (!move_bytes(deadline)) throw std::runtime_error(name_ + " did not say \"" + text + "\" but: " + errors_);
  }
}

bool ChildProcess::move_bytes(SteadyClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  if (left.count() <= 0 || (out_ < 0 && err_ < 0)) return false;
  std::array<pollfd, 3> streams{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0},
                                pollfd{typed_.empty() ? -1 : in_, POLLOUT, 0}};
  if (::poll(streams.data(), streams.size(), static_cast<int>(left.count())) <= 0) return false;
  if (streams[0].revents != 0) read_some(out_, output_);
  if (streams[1].revents != 0) read_some(err_, errors_);
  if (streams[2].revents != 0) write_typed();
  return true;
}

void ChildProcess::signal(int number) { ::kill(process_, number); }

ChildResult ChildProcess::wait(std::chrono::seconds patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (move_bytes(deadline)) {
  }
  if (SteadyClock::now() >= deadline) ::kill(process_, SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return {code, std::move(output_), std::move(errors_)};
}

}  // namespace parley::support
