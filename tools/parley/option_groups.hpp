// Options that several commands take, with the same words in each.
#pragma once

#include "common_options.hpp"
#include "read_common.hpp"

#include <CLI/CLI.hpp>

namespace parley::tool {

/// --format, --codec
void add_notation_options(CLI::App& app, CommonWords& words);
/// --file
void add_file_option(CLI::App& app, CommonOptions& options);
/// --max-size
void add_size_option(CLI::App& app, CommonWords& words);
/// --discard
void add_discard_option(CLI::App& app, CommonOptions& options);

enum class TlsSide { listening, connecting, either };
void add_tls_options(CLI::App& app, TlsWords& tls, TlsSide side);

/// --json, --quiet, --verbose, --poll
void add_talk_options(CLI::App& app, CommonWords& words, CommonOptions& options);

}  // namespace parley::tool
