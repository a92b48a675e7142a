// A stream some bytes of which have been read already, and are to be read once more.
#pragma once

#include <parley/transport/stream.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace parley::transport {

/// `stream` can wait.
[[nodiscard]] Stream prefixed_stream(std::vector<std::byte> prefix, Stream stream);

}  // namespace parley::transport
