// The longer texts of --help.
#pragma once

#include "socket/options.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace parley::tool {

/// Lays out help texts; knows the BODY arguments, which are parsed outside of CLI11.
[[nodiscard]] std::shared_ptr<CLI::FormatterBase> make_help_formatter();

/// Below the options: bodies and framings, examples, exit codes.
[[nodiscard]] std::string main_footer();
[[nodiscard]] std::string listen_footer();
[[nodiscard]] std::string connect_footer();
[[nodiscard]] std::string socket_footer(SocketRole role);
[[nodiscard]] std::string proxy_footer();
[[nodiscard]] std::string peers_footer();
[[nodiscard]] std::string request_footer();
[[nodiscard]] std::string serve_footer();
[[nodiscard]] std::string routes_footer();
[[nodiscard]] std::string tunnel_footer();
[[nodiscard]] std::string gateway_footer();
[[nodiscard]] std::string demo_footer();

}  // namespace parley::tool
