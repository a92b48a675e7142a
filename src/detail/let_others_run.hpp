// For coroutines that could go on for long without suspending.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::detail {

/// A coroutine of its own, so that the frames of those who call it hold none of this.
inline boost::asio::awaitable<void> let_others_run() { co_await boost::asio::post(boost::asio::use_awaitable); }

}  // namespace parley::detail
