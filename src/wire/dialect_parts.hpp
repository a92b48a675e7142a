// What the frames of all of a socket's dialects are made of.
#pragma once

#include <parley/wire/peer_frame.hpp>

#include <cstddef>
#include <tuple>

namespace parley::wire {

/// Of the big-endian length before each frame, in bytes.
inline constexpr std::size_t length_size = 4;
inline constexpr std::size_t id_size = std::tuple_size_v<MessageId>;

}  // namespace parley::wire
