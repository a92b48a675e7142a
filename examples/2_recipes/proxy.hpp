// A proxy: a small program of two sockets. Producers connect to the one, workers to the other, and neither need to know
// where the others are, how many there are, or when they come and go.
//
// It acknowledges a message when a worker has acknowledged it: what it has in hand when it dies, the producers still
// have, and send again. So it needs no disk and no care: whatever goes wrong with it, it is started again.
#pragma once

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <limits>

/// One message after the other, each held until a worker is done with it.
inline boost::asio::awaitable<void> forward(parley::Socket& front, parley::Socket& back) {
  for (;;) {
    const parley::Received received = co_await front.receive();
    co_await back.send_confirmed(received.message);
    received.acknowledge();
  }
}

inline boost::asio::awaitable<void> run_proxy(parley::Endpoint front_at, parley::Endpoint back_at) {
  const auto executor = co_await boost::asio::this_coro::executor;
  parley::SocketOptions options;
  options.delivery = parley::Delivery::at_least_once;
  options.acknowledge = parley::Acknowledge::by_application;
  options.sent_max = std::numeric_limits<unsigned>::max();  // to give up is for the producers
  parley::Socket front{executor, options};
  parley::Socket back{executor, options};
  co_await front.bind(front_at);
  co_await back.bind(back_at);
  for (int messages_at_a_time = 100; messages_at_a_time > 1; --messages_at_a_time) {
    boost::asio::co_spawn(executor, forward(front, back), rethrow);
  }
  co_await forward(front, back);
}
