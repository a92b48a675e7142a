// The parley tool as a process, with pipes (or a terminal) for its standard streams. Every wait is bounded.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace parley::test {

/// Long enough for any machine; nothing waits so long unless something is wrong.
inline constexpr std::chrono::seconds patience{20};

/// What one of its standard streams is.
enum class ToolStream {
  pipe,
  terminal,
  closed,  ///< not open at all
  full,    ///< /dev/full: every write fails
};

struct ToolSetting {
  ToolStream in = ToolStream::pipe;  ///< a pipe, or closed
  ToolStream out = ToolStream::pipe;
  ToolStream err = ToolStream::pipe;
  std::vector<std::string> environment{};  ///< NAME=value, beside what the test has
};

class ToolProcess {
 public:
  explicit ToolProcess(const std::vector<std::string>& arguments, const ToolSetting& setting = {});
  ToolProcess(const ToolProcess&) = delete;
  ToolProcess& operator=(const ToolProcess&) = delete;
  /// Kills it if it still runs.
  ~ToolProcess();

  [[nodiscard]] pid_t pid() const noexcept { return process_; }

  /// Writes to its standard input.
  void type(const std::string& text);
  void end_input();
  /// Closes our end of its standard output.
  void end_output();
  void send_signal(int number) const;

  /// Waits for a line on standard output / error that has `text` in it, and returns that line. Throws
  /// std::runtime_error.
  std::string output_line_with(const std::string& text) { return line_with(out_, out_text_, text); }
  std::string error_line_with(const std::string& text) { return line_with(err_, err_text_, text); }

  /// Waits for the first byte on standard output.
  void output_begins();

  /// The endpoint behind "listening on ".
  std::string listening_endpoint();

  /// Waits for its end; 128 + number if a signal killed it. Standard output and error are then whole.
  int wait();
  [[nodiscard]] const std::string& output() const noexcept { return out_text_; }
  [[nodiscard]] const std::string& errors() const noexcept { return err_text_; }

 private:
  std::string line_with(int descriptor, std::string& text, const std::string& wanted);
  bool read_more(std::chrono::steady_clock::time_point deadline);

  pid_t process_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string out_text_;
  std::string err_text_;
};

struct ToolResult {
  int code;
  std::string output;
  std::string errors;
};

/// Runs it to its end, with this standard input.
ToolResult run_tool(const std::vector<std::string>& arguments, const std::string& input = "",
                    const ToolSetting& setting = {});

}  // namespace parley::test
