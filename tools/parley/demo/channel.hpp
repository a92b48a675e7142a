// The line between the narrator and a process it has started: text messages, one a line, over a pair of sockets.
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/time.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace parley::tool::demo {

/// How long anything in the demo may take; it is a second or two in practice.
inline constexpr std::chrono::seconds patience{15};

/// Takes over one end of a socket pair.
[[nodiscard]] Connection adopt_channel(const boost::asio::any_io_executor& executor, int descriptor);

/// In a process that the narrator has started: its standard input.
[[nodiscard]] Connection narrator_channel(const boost::asio::any_io_executor& executor);

}  // namespace parley::tool::demo
