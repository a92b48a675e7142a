// The sub-commands. Each gives the exit code of the tool; exceptions that leave one are failures to be reported.
#pragma once

#include "exit_code.hpp"
#include "talk_options.hpp"

namespace parley::tool {

[[nodiscard]] ExitCode run_listen(const TalkOptions& options);
[[nodiscard]] ExitCode run_connect(const TalkOptions& options);

}  // namespace parley::tool
