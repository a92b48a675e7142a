// A Python program beside the example's own, for recipes that talk to one.
#pragma once

#include "../check.hpp"

#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/// Running, with a pipe for what it prints.
class Python {
 public:
  explicit Python(const std::string& program, const std::string& argument = "") {
    int ends[2];
    check(pipe(ends) == 0, "pipe");
    process_ = fork();
    check(process_ >= 0, "fork");
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execlp("python3", "python3", "-c", program.c_str(), argument.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;
  ~Python() {
    kill(process_, SIGKILL);  // a server has no other end
    waitpid(process_, nullptr, 0);
    close(output_);
  }

  /// The next line it prints, without the newline; empty at the end.
  [[nodiscard]] std::string line() const {
    std::string text;
    for (char c; read(output_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }

 private:
  pid_t process_;
  int output_;
};
