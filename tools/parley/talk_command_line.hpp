// The options of `parley listen` and `parley connect`.
#pragma once

#include "read_talk.hpp"
#include "talk_options.hpp"

#include <CLI/CLI.hpp>

namespace parley::tool {

/// To the sub-command of that name.
void add_options(CLI::App& app, TalkWords& words, TalkOptions& options);

}  // namespace parley::tool
