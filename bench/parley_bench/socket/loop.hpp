#pragma once

#include "bench/common/conversation.hpp"
#include "bench/parley_bench/loop.hpp"

#include <parley/socket/socket.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <cstddef>
#include <utility>

namespace bench::sockets {

namespace asio = boost::asio;
using messages::start;

inline parley::SocketOptions socket_options(const Options& o) {
  parley::SocketOptions options;
  if (o.hwm > 0) options.send_high_water_count = o.hwm;
  return options;
}

inline parley::SocketOptions publishing(const Options& o, parley::Overflow overflow) {
  parley::SocketOptions options = socket_options(o);
  options.send_mode = parley::SendMode::publish;
  options.overflow = overflow;
  return options;
}

inline parley::EndpointOptions endpoint_options(const Options& o) {
  return parley::EndpointOptions{}.transport(messages::transport_options(o));
}

/// The server's: bound when this completes, which it says.
inline asio::awaitable<void> bind(parley::Socket& socket, const Options& o) {
  co_await socket.bind(o.addr.text, endpoint_options(o));
  if (o.role != Role::both) say("READY");
}

inline asio::awaitable<void> connect(parley::Socket& socket, const Options& o) {
  socket.connect(o.addr.text, endpoint_options(o));
  co_await socket.wait_for_peers(1);
}

/// Waits for the script while the event loop goes on, which is what writes the last messages.
inline asio::awaitable<void> line_comes() {
  asio::posix::stream_descriptor input{co_await asio::this_coro::executor, ::dup(STDIN_FILENO)};
  // A file cannot be waited for, and need not.
  co_await input.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  wait_for_line();
}

}  // namespace bench::sockets
