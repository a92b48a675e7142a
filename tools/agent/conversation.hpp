// What parley-agent does once it knows what it is.
#pragma once

#include "settings.hpp"

#include <parley/socket/socket.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>

namespace parley::agent {

/// One socket, from binding or connecting to its close.
class Conversation {
 public:
  /// Throws std::invalid_argument and parley::Error for settings that cannot work.
  Conversation(boost::asio::io_context& context, const Settings& settings);

  /// Throws parley::Error.
  boost::asio::awaitable<void> hold();

 private:
  boost::asio::awaitable<void> meet();
  boost::asio::awaitable<void> be_source();
  boost::asio::awaitable<void> be_sink();
  boost::asio::awaitable<void> be_echo();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<void> close();

  const Settings settings_;
  const Endpoint endpoint_;
  const EndpointOptions endpoint_options_;
  std::shared_ptr<Socket> socket_;  // shared with who tells of its events
};

}  // namespace parley::agent
