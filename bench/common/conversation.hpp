#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace bench {

/// Tells the script that runs both sides: READY (the server is bound) or ALL (conns: every peer was heard).
inline void say(std::string_view word) {
  std::printf("%.*s\n", static_cast<int>(word.size()), word.data());
  std::fflush(stdout);
}

/// Waits for the script: a line on standard input, or its end. Reads byte by byte, because the next line is another
/// signal.
inline void wait_for_line() {
  char c = 0;
  while (c != '\n') {
    const auto got = ::read(STDIN_FILENO, &c, 1);
    if (got == 0 || (got < 0 && errno != EINTR)) return;
  }
}

}  // namespace bench
