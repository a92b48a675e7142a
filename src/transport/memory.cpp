#include <parley/transport/memory.hpp>

#include "transport/memory_stream.hpp"

#include <stdexcept>
#include <utility>

namespace parley::transport {

namespace asio = boost::asio;

std::pair<Stream, Stream> memory_pair(asio::any_io_executor first, asio::any_io_executor second,
                                      MemoryOptions options) {
  if (options.capacity == 0) throw std::invalid_argument{"the capacity of a memory stream must be at least 1 byte"};
  static const Endpoint endpoint{"inproc://memory"};
  auto [left, right] = MemoryStream::pair(std::move(first), std::move(second), options.capacity, endpoint);
  return {Stream{std::move(left)}, Stream{std::move(right)}};
}

}  // namespace parley::transport
