// Waiting for what a program has brought about and nobody announces.
#pragma once

#include "check.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <functional>

/// Looks again and again; what does not hold after twenty seconds does not hold.
inline boost::asio::awaitable<void> until(std::function<bool()> holds, const char* claim) {
  boost::asio::steady_timer pause{co_await boost::asio::this_coro::executor};
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!holds()) {
    check(std::chrono::steady_clock::now() < give_up, claim);
    pause.expires_after(std::chrono::milliseconds{1});
    co_await pause.async_wait(boost::asio::use_awaitable);
  }
}
