// What is done with an exception that leaves a handler of the user's.
#pragma once

#include <exception>
#include <string>

namespace parley::detail {

/// What the handler talks through: a Channel that has ended gives eof, as a Stream does, where a Connection gives
/// closed. An eof that leaves a Connection's handler is that of something else the handler reads.
enum class HandlerOf { connection, channel };

/// Tells the log hook, with the endpoint of the handler's peer.
void log_handler_end(const std::exception_ptr& thrown, HandlerOf of, const std::string& peer);

}  // namespace parley::detail
