// parley's Socket, as a user writes with it: a `co_await` for each message on both ends.
#pragma once

#include "bench/common/options.hpp"

namespace bench::sockets {

/// Runs one side. The variants: socket, socket-poll.
void run(const Options& o);

}  // namespace bench::sockets
