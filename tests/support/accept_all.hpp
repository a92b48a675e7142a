// A server that only lets clients in.
#pragma once

#include <parley/connection/listener.hpp>

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace parley::support {

/// Keeps them, until accepting fails.
inline boost::asio::awaitable<void> accept_all(Listener& listener, std::vector<Connection>& peers) {
  for (;;) peers.push_back(co_await listener.accept());
}

}  // namespace parley::support
