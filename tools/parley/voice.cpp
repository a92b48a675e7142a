#include "voice.hpp"

#include <cstdio>
#include <string>

namespace parley::tool {
namespace {

std::string error_line(std::string_view sentence, ExitCode code) {
  return JsonLine{"error"}.add("exit", static_cast<int>(code)).add("message", sentence).line();
}

}  // namespace

void Voice::listening(const Endpoint& endpoint) {
  event(JsonLine{"listening"}.add("endpoint", endpoint.to_string()));
  remark("listening on " + endpoint.to_string(), Colour::none);
}

void Voice::warning(std::string_view sentence) {
  event(JsonLine{"warning"}.add("message", sentence));
  remark("warning: " + std::string{sentence});
}

void Voice::error(std::string_view sentence, ExitCode code) {
  if (options_.json) return output_.write(error_line(sentence, code));
  say_error(sentence);
}

void Voice::remark(std::string_view sentence, Colour colour) {
  if (!options_.json && !options_.quiet) say(sentence, colour);
}

void Voice::event(const JsonLine& line) {
  if (options_.json) output_.write(line.line());
}

void report_error(std::string_view sentence, ExitCode code, bool json) {
  if (!json) return say_error(sentence);
  const std::string line = error_line(sentence, code);
  const bool written = std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
  if (!written) say_error(sentence);
}

}  // namespace parley::tool
