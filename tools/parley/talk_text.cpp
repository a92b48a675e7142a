#include "talk_text.hpp"

#include "text.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace parley::tool {
namespace {

/// One write for a line, so that lines of several processes on one terminal do not mix.
void write_error_line(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;  // nobody to tell
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_coloured(std::string_view head, std::string_view text, Colour colour) {
  const bool enabled = colour != Colour::none && may_colour(STDERR_FILENO);
  std::string line{head};
  line += begin_colour(colour, enabled);
  line += text;
  line += end_colour(colour, enabled);
  line += '\n';
  write_error_line(line);
}

}  // namespace

bool may_colour(int descriptor) noexcept {
  const char* refusal = std::getenv("NO_COLOR");
  if (refusal != nullptr && *refusal != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view{terminal} == "dumb") return false;
  return ::isatty(descriptor) == 1;
}

std::string_view begin_colour(Colour colour, bool enabled) noexcept {
  if (!enabled) return "";
  switch (colour) {
    case Colour::red: return "\x1b[31m";
    case Colour::green: return "\x1b[32m";
    case Colour::cyan: return "\x1b[36m";
    case Colour::dim: return "\x1b[2m";
    case Colour::none: break;
  }
  return "";
}

std::string_view end_colour(Colour colour, bool enabled) noexcept {
  return enabled && colour != Colour::none ? "\x1b[0m" : "";
}

void say(std::string_view text, Colour colour) {
  write_coloured("parley: ", terminal_safe(text, NewLines::escape), colour);
}

void say_error(std::string_view text) {
  write_coloured("parley: ", "error: " + terminal_safe(text, NewLines::keep), Colour::red);
}

}  // namespace parley::tool
