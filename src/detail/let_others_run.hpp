// For coroutines that could go on for long without suspending.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

namespace parley::detail {

/// A coroutine of its own, so that the frames of those who call it hold none of this.
inline boost::asio::awaitable<void> let_others_run() { co_await boost::asio::post(boost::asio::deferred); }

}  // namespace parley::detail
