// Options that several commands take, with the same words in each.
#pragma once

#include "common_options.hpp"
#include "read_common.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace parley::tool {

/// One value for each time the option is given: the next word may be a message.
CLI::Option* add_repeated_option(CLI::App& app, const char* name, std::vector<std::string>& values, const char* what);

/// --format, --codec
void add_notation_options(CLI::App& app, CommonWords& words);
/// --file
void add_file_option(CLI::App& app, CommonOptions& options);
/// --max-size
void add_size_option(CLI::App& app, CommonWords& words);
/// --concurrency of what runs commands
CLI::Option* add_concurrency_option(CLI::App& app, std::optional<std::string>& text);
/// --discard
void add_discard_option(CLI::App& app, CommonOptions& options);

enum class TlsSide { listening, connecting, either };
void add_tls_options(CLI::App& app, TlsWords& tls, TlsSide side);

/// --json, --quiet, --verbose, --poll
void add_talk_options(CLI::App& app, CommonWords& words, CommonOptions& options);

}  // namespace parley::tool
