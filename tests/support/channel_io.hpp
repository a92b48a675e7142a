// What tests say on a channel, and hear. The channel outlives the call.
#pragma once

#include <parley/mux/channel.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <string>

namespace parley::support {

inline boost::asio::awaitable<void> write_all(mux::Channel& channel, std::string text) {
  co_await boost::asio::async_write(channel, boost::asio::buffer(text), boost::asio::use_awaitable);
}

inline boost::asio::awaitable<std::string> read_exactly(mux::Channel& channel, std::size_t size) {
  std::string text(size, '\0');
  co_await boost::asio::async_read(channel, boost::asio::buffer(text), boost::asio::use_awaitable);
  co_return text;
}

/// What comes until the end; `ec`: what the end is.
inline boost::asio::awaitable<std::string> read_to_end(mux::Channel& channel, boost::system::error_code& ec) {
  std::string text;
  for (std::string part(10'000, '\0');;) {
    const auto [failure, size] =
        co_await channel.async_read_some(boost::asio::buffer(part), boost::asio::as_tuple(boost::asio::use_awaitable));
    text.append(part, 0, size);
    ec = failure;
    if (failure) co_return text;
  }
}

}  // namespace parley::support
