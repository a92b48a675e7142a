// The options of the commands for requests.
#pragma once

#include "rpc/options.hpp"
#include "rpc/read_options.hpp"

#include <CLI/CLI.hpp>

namespace parley::tool {

/// To `request`.
void add_options(CLI::App& app, RequestWords& words, RequestCommandOptions& options);
/// To `serve`.
void add_options(CLI::App& app, ServeWords& words, ServeOptions& options);
/// To `routes`.
void add_options(CLI::App& app, RoutesWords& words, RoutesOptions& options);

}  // namespace parley::tool
