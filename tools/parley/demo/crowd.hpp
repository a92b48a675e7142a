// Many conversations at one moment, and what they take.
#pragma once

#include "service.hpp"

#include <parley/connection/connect.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>

namespace parley::tool::demo {

inline constexpr std::size_t crowd_size = 1000;

/// Opens `crowd_size` connections, asks each something while all are open, checks the answers and closes them. How many
/// conversations there were, and how long it took. Throws Failure for a wrong answer, parley::Error for none before the
/// deadline.
[[nodiscard]] boost::asio::awaitable<Rate> converse_at_once(Endpoint endpoint, ConnectOptions how, Deadline deadline,
                                                            std::size_t& sockets);

/// Of this process.
[[nodiscard]] std::size_t count_sockets();

}  // namespace parley::tool::demo
