// The library's side of the log hook.
#pragma once

#include <parley/log.hpp>

#include <string_view>

namespace parley::detail {

/// Whether anyone listens; lets callers skip building a text.
[[nodiscard]] bool log_enabled() noexcept;

void log(LogLevel level, std::string_view text, std::string_view endpoint = {}) noexcept;

}  // namespace parley::detail
