// Where the bodies of messages to send come from: standard input or a file, cut into bodies as the notation says.
#pragma once

#include "notation.hpp"
#include "readiness.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

/// How bytes read become bodies.
enum class InputCut {
  lines,   ///< a line is a body; the last one may lack its newline
  chunks,  ///< whatever one read gave
  whole,   ///< everything up to the end
};

struct InputOptions {
  Notation notation{};
  InputCut cut = InputCut::lines;
  std::size_t body_size_max = 0;  ///< a line or a whole input that must be longer is an error
};

class Input {
 public:
  /// Reads standard input for an empty path or "-". Throws std::runtime_error with a sentence when it cannot be opened.
  Input(const boost::asio::any_io_executor& executor, const std::string& path, InputOptions options);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  [[nodiscard]] bool is_terminal() const noexcept;
  /// A pipe, a socket or a file with something in it: an input that has an end worth leaving at. Others, such as
  /// /dev/null, are what a service runs with.
  [[nodiscard]] bool is_piped() const noexcept;

  /// The next body; nothing at the end. Throws BadBody for one line (the next may be asked for), std::runtime_error
  /// when reading fails or a limit is passed.
  [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> next();

 private:
  [[nodiscard]] std::optional<std::string> take_queued();
  [[nodiscard]] std::optional<std::string> take_line();
  void read_some();
  void check_size() const;

  int descriptor_;
  bool owned_;
  std::string name_;
  InputOptions options_;
  Readiness readable_;
  std::string queued_;
  std::size_t taken_ = 0;    // of queued_
  std::size_t scanned_ = 0;  // of queued_: no newline before this
  bool ended_ = false;
};

}  // namespace parley::tool
