// Another program, with pipes for its standard streams. Every wait is bounded, and destruction kills what still runs.
//
//   ChildProcess nc{{"nc", "-N", "127.0.0.1", port}};
//   nc.type("hello\n");
//   nc.end_input();
//   ChildResult result = nc.wait();
//
// Thread rule: one thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace parley::support {

struct ChildResult {
  int code;  ///< its exit code; 128 + number if a signal ended it
  std::string output;
  std::string errors;
};

class ChildProcess {
 public:
  /// Looks the program up in PATH. Throws std::runtime_error when it cannot be started: a program that is missing fails
  /// the test that needs it.
  explicit ChildProcess(std::vector<std::string> command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// For its standard input. What the pipe has no room for now is written by the waits below.
  void type(const std::string& text);
  /// After everything typed.
  void end_input();

  /// Long enough for what a program does at once, on any machine; only a hang lasts so long.
  static constexpr std::chrono::seconds default_patience{20};

  /// Waits for a whole line on its standard error with `text` in it. Throws std::runtime_error when none comes.
  [[nodiscard]] std::string error_line_with(const std::string& text, std::chrono::seconds patience = default_patience);

  /// SIGTERM, or another. Before wait().
  void signal(int number);

  /// Waits for its end; a child that hangs is killed, and the code says so.
  [[nodiscard]] ChildResult wait(std::chrono::seconds patience = default_patience);

 private:
  void write_typed();
  bool move_bytes(std::chrono::steady_clock::time_point deadline);

  std::string name_;
  pid_t process_ = -1;
  int in_ = -1;
  int in_reader_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string typed_;
  bool input_ended_ = false;
  std::string output_;
  std::string errors_;
};

}  // namespace parley::support
