// The options of the commands that forward ports.
#pragma once

#include "tunnel/options.hpp"
#include "tunnel/read_options.hpp"

#include <CLI/CLI.hpp>

namespace parley::tool {

/// To `tunnel`.
void add_options(CLI::App& app, TunnelWords& words, TunnelOptions& options);
/// To `gateway`.
void add_options(CLI::App& app, GatewayWords& words, GatewayOptions& options);

}  // namespace parley::tool
