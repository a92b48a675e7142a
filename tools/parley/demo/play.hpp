// What every process that the narrator starts does: it plays a role, and tells the narrator if that fails.
#pragma once

#include "exit_code.hpp"

#include <parley/connection/connection.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace parley::tool::demo {

using Role = std::function<boost::asio::awaitable<void>(Connection& narrator)>;

/// Runs the role to its end; what it throws goes to the narrator as "failed SENTENCE".
[[nodiscard]] ExitCode play(Role role);

}  // namespace parley::tool::demo
