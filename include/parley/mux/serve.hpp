// serve: one coroutine for each channel that the peer opens.
//
//   asio::awaitable<void> answer(parley::mux::Channel channel) { … }
//   co_await parley::mux::serve(session, answer);
#pragma once

#include <parley/detail/export.hpp>
#include <parley/mux/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace parley::mux {

/// Runs for one channel. What it has written when it returns is still sent. An exception that leaves it ends this
/// channel only, and is told to the log hook with the peer's endpoint.
using ChannelHandler = std::function<boost::asio::awaitable<void>(Channel)>;

/// Accepts until the session has ended, its handle has gone, or the coroutine is cancelled; each channel's handler has
/// a coroutine of its own on the session's executor. Handlers that run on are not waited for: their channels tell them
/// how the session has ended. Throws nothing: next_event() has why it ended. As many channels are open at once as
/// Options::channels_max allows. Cancelling it leaves the session and the handlers as they were; a channel that comes
/// in that moment is closed.
///
/// Thread rule: handlers run on whatever threads run the session's executor, at the same time where there are several.
/// The session must not be moved or assigned before the first step of this coroutine.
[[nodiscard]] PARLEY_EXPORT boost::asio::awaitable<void> serve(Session& session, ChannelHandler handler);

}  // namespace parley::mux
