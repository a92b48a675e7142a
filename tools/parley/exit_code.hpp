// What the tool's exit status tells a script.
#pragma once

#include <boost/system/error_code.hpp>

#include <string_view>

namespace parley::tool {

enum class ExitCode {
  ok = 0,         ///< done
  failure = 1,    ///< anything not listed below
  usage = 2,      ///< the command line makes no sense
  timed_out = 3,  ///< a time limit passed first
  no_peer = 4,    ///< nobody answers there: refused, no listener, unknown host
  refused = 5,    ///< the peer broke the framing, the codec or a limit (malformed, truncated, too large), or one of the
                  ///< two does not want the other: a certificate, a WebSocket's path, another protocol; or its request
};

/// For an error while connecting.
[[nodiscard]] ExitCode exit_code_of_dialling(const boost::system::error_code& code) noexcept;

/// For an error of a connection that had been made.
[[nodiscard]] ExitCode exit_code_of_talking(const boost::system::error_code& code) noexcept;

/// Of an error of sending: this message cannot go, others can.
[[nodiscard]] bool concerns_one_message(const boost::system::error_code& code) noexcept;

/// The list of codes for help texts, without a newline at the end.
extern const std::string_view exit_codes_help;

}  // namespace parley::tool
