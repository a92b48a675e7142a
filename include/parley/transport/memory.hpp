// memory_pair: two connected streams inside the process, without a socket.
//
//   auto [left, right] = memory_pair(context.get_executor(), context.get_executor());
//
// Each direction is a pipe of bounded capacity. The two ends may live on different executors and threads; each end by
// itself obeys Stream's thread rule. Everything a socket can do, a memory stream can: wait, read and write without
// waiting, half-close. Writing to an end that was closed is asio::error::broken_pipe; reading what a closed end wrote
// before goes on to its end. Cancellation of one operation: asio::error::operation_aborted, and no byte has moved.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/transport/stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <utility>

namespace parley::transport {

/// Settings of memory_pair().
struct MemoryOptions {
  /// Bytes that each direction holds before a write waits. Taken at once. At least 1.
  std::size_t capacity = 64 * 1024;
};

/// Throws std::invalid_argument for a capacity of 0. The endpoints are `inproc://memory`.
[[nodiscard]] PARLEY_EXPORT std::pair<Stream, Stream> memory_pair(boost::asio::any_io_executor first,
                                                                  boost::asio::any_io_executor second,
                                                                  MemoryOptions options = {});

}  // namespace parley::transport
