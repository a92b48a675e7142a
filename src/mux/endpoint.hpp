// What a mux endpoint says: the stream beneath, and how to speak over it.
#pragma once

#include <parley/endpoint.hpp>
#include <parley/mux/session.hpp>

namespace parley::mux::detail {

/// Where the stream beneath goes: tcp, tls or unix.
[[nodiscard]] Endpoint endpoint_beneath(const Endpoint& endpoint);
/// The same place, as one of channels: `beneath` is what was bound, or connected to.
[[nodiscard]] Endpoint endpoint_above(const Endpoint& endpoint, const Endpoint& beneath);
/// By its parameters `dialect` (yamux, tcpchan) and `magic` (tcpchan; decimal, or hexadecimal behind 0x). Throws
/// std::invalid_argument for others.
[[nodiscard]] Options options_of(const Endpoint& endpoint);

}  // namespace parley::mux::detail
