// What is done with an exception that leaves a handler of the user's.
#pragma once

#include <exception>
#include <string>

namespace parley::detail {

/// Tells the log hook, with the endpoint of the handler's peer.
void log_handler_end(const std::exception_ptr& thrown, const std::string& peer);

}  // namespace parley::detail
