// What a command tells about itself: sentences on standard error for people, or with --json one object a line on
// standard output.
#pragma once

#include "common_options.hpp"
#include "exit_code.hpp"
#include "json_line.hpp"
#include "output.hpp"
#include "talk_text.hpp"

#include <parley/endpoint.hpp>

#include <string_view>

namespace parley::tool {

class Voice {
 public:
  Voice(Output& output, const CommonOptions& options) : output_{output}, options_{options} {}

  void listening(const Endpoint& endpoint);
  /// Something failed that the command goes on without.
  void warning(std::string_view sentence);
  /// The exit code is the one the error leads to, if it ends the tool.
  void error(std::string_view sentence, ExitCode code);

  /// For people who want to hear more than errors.
  void remark(std::string_view sentence, Colour colour = Colour::dim);
  /// For programs.
  void event(const JsonLine& line);

  [[nodiscard]] Output& output() noexcept { return output_; }
  [[nodiscard]] const CommonOptions& options() const noexcept { return options_; }

 private:
  Output& output_;
  const CommonOptions& options_;
};

/// An error before there is a Voice.
void report_error(std::string_view sentence, ExitCode code, bool json);

}  // namespace parley::tool
