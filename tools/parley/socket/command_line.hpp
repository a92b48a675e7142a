// The options of the commands for smart sockets.
#pragma once

#include "proxy/options.hpp"
#include "proxy/read_options.hpp"
#include "socket/options.hpp"
#include "socket/read_options.hpp"

#include <CLI/CLI.hpp>

namespace parley::tool {

/// To the sub-command `send`, `receive` or `echo`.
void add_options(CLI::App& app, SocketTalkWords& words, SocketTalkOptions& options);
/// To `peers`.
void add_options(CLI::App& app, PeersWords& words, PeersOptions& options);
/// To `proxy`.
void add_options(CLI::App& app, ProxyWords& words, ProxyOptions& options);

}  // namespace parley::tool
