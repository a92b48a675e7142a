// The log hook. The library itself never prints; whoever wants to see inside installs a function.
#pragma once

#include <parley/detail/export.hpp>

#include <functional>
#include <string_view>

namespace parley {

/// How much a line of the log matters.
enum class LogLevel {
  debug,    ///< what the library does: addresses tried, connections made, ended and closed
  info,     ///< what someone watching a server wants to know
  warning,  ///< something failed that the library lives with: a refused peer, a handler that threw, a lack of
            ///< descriptors
};

/// Level, text, and the endpoint it is about ("" when none). Called from any thread that runs the library's I/O,
/// several at a time and with the library's locks held: must not throw, and must not use the library's objects.
using LogHook = std::function<void(LogLevel level, std::string_view text, std::string_view endpoint)>;

/// Installs the hook for the whole process; an empty function removes it. Any thread, at any time; a call in progress
/// may still reach the previous hook.
PARLEY_EXPORT void set_log_hook(LogHook hook);

}  // namespace parley
