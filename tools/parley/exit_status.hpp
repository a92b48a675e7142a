// How another process ended, from what waitpid gives.
#pragma once

#include <string>

namespace parley::tool {

[[nodiscard]] bool was_killed(int status) noexcept;
/// "was killed by signal 9 (Killed)", "left with exit code 1".
[[nodiscard]] std::string describe_status(int status);
/// As shells have it: 128 and the number of the signal that killed it, or its own.
[[nodiscard]] int exit_code_of_status(int status) noexcept;

}  // namespace parley::tool
