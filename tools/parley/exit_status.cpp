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

}  // namespace parley::tool
