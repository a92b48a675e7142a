#include "exit_status.hpp"

#include <fmt/format.h>

#include <sys/wait.h>

#include <cstring>

namespace parley::tool {

bool was_killed(int status) noexcept { return WIFSIGNALED(status); }

std::string describe_status(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("left with exit code {}", WEXITSTATUS(status));
}

int exit_code_of_status(int status) noexcept {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace parley::tool
