// What the operations of a Connection completed with, for tests that use callbacks.
#pragma once

#include <parley/connection/connection.hpp>
#include <parley/connection/connect.hpp>
#include <parley/connection/listener.hpp>

#include "support/run_context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace parley::support {

template <class T>
struct Outcome {
  boost::system::error_code code;
  T value;
};

/// A completion handler that stores; `result` must outlive the operation.
template <class T>
auto store(std::optional<Outcome<T>>& result) {
  return [&result](boost::system::error_code code, T value) { result.emplace(Outcome<T>{code, std::move(value)}); };
}
inline auto store(std::optional<boost::system::error_code>& result) {
  return [&result](boost::system::error_code code) { result = code; };
}

/// Runs the coroutine to its end on the context; its exception is the test's. False in place of a hang.
template <class Coroutine>
[[nodiscard]] bool run_coroutine(boost::asio::io_context& context, Coroutine coroutine) {
  std::optional<std::exception_ptr> end;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown) { end = thrown; });
  if (!run_until(context, [&] { return end.has_value(); })) return false;
  if (*end) std::rethrow_exception(*end);
  return true;
}

/// Everything that is ready now, and what that makes ready.
inline void settle(boost::asio::io_context& context) {
  context.restart();
  while (context.poll() > 0) context.restart();
  context.restart();
}

}  // namespace parley::support
