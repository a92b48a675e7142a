// Channel: one of many conversations over one connection, and itself a stream.
//
//   parley::mux::Channel channel = co_await session.open();
//   parley::Connection connection{std::move(channel)};     // or anything else that takes a transport::Stream
//
// What a Stream does, a channel does: reading, writing, waiting for either, closing one direction (yamux; a TCPChan
// channel can only be closed), closing both. It lives on its session's executor, and may be used from another thread
// than the session's other channels; for one channel Stream's own thread rule holds. A wait, a read or a write can be
// cancelled by its slot, and has then moved nothing.
//
// Destroying or closing a channel ends this side: what was written is still sent, and what still comes is dropped.
// reset() ends both directions at once, drops what has not been read or written, and tells a peer of yamux so.
//
// Errors: asio::error::eof when the peer has finished and all has been read; error::channel_reset, channel_refused,
// timed_out, peer_too_slow and why the session ended, for reading and writing alike; asio::error::broken_pipe for
// writing behind shutdown_send(). What had come before the session ended is read first; a reset drops it.
#pragma once

#include <parley/detail/export.hpp>
#include <parley/transport/stream.hpp>
#include <parley/wire/mux.hpp>

#include <memory>
#include <utility>

namespace parley::mux {

namespace detail {
class ChannelBackend;
}

/// A number by which both sides know a channel.
using ChannelId = wire::ChannelId;

/// See the top of this header. As a Stream it can be moved from, also into a Stream.
class PARLEY_EXPORT Channel : public transport::Stream {
 public:
  /// None: as one that was moved from.
  Channel() noexcept = default;
  /// For the session.
  explicit Channel(std::unique_ptr<detail::ChannelBackend> backend) noexcept;

  /// Its number on the wire. Of a channel, not of none; also when that is over.
  [[nodiscard]] ChannelId id() const noexcept;

  /// Lives on `executor` from now on: another of the same context. Nothing may be pending, and it must be a channel,
  /// not none.
  void move_to(const boost::asio::any_io_executor& executor);
};

}  // namespace parley::mux
