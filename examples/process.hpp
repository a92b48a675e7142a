// This program once more, as a process of its own, with other arguments: for examples in which somebody is killed.
#pragma once

#include "check.hpp"

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

class Process {
 public:
  template <class... Strings>
  explicit Process(const std::string& role, const Strings&... more) {
    std::vector<std::string> arguments{"this program again", role, more...};
    std::vector<char*> argv;
    for (std::string& each : arguments) argv.push_back(each.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {  // until exec only what is safe after fork: no allocation, no library, no exception
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever happens to the parent, nothing is left behind
      execv("/proc/self/exe", argv.data());
      _exit(127);
    }
    check(pid_ > 0, "fork");
  }
  Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Process() { kill(); }

  /// In the middle of whatever it does: it finishes nothing, and tells nobody.
  void kill() noexcept {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  [[nodiscard]] pid_t id() const noexcept { return pid_; }

 private:
  pid_t pid_ = -1;
};
