// Clients and servers of requests in a test: coroutines that run to their end, what a request has failed with, and
// waits for what has to become so.
#pragma once

#include <parley/rpc/client.hpp>
#include <parley/rpc/event.hpp>
#include <parley/rpc/request_error.hpp>
#include <parley/rpc/server.hpp>

#include "support/run_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace parley::support {

struct Sum {
  int a = 0;
  int b = 0;
};
BOOST_DESCRIBE_STRUCT(Sum, (), (a, b))

/// Runs `body(executor)`, a coroutine, to its end; and then nothing may go on.
template <class Body>
void run_requests(Body body) {
  boost::asio::io_context context;
  std::optional<std::exception_ptr> end;
  boost::asio::co_spawn(context, body(context.get_executor()), [&](std::exception_ptr e) { end = e; });
  ASSERT_TRUE(run_until(context, [&] { return end.has_value(); }));
  if (*end) std::rethrow_exception(*end);
  EXPECT_TRUE(run_to_end(context)) << "something goes on after clients and servers have gone";
}

/// What a request has failed with.
template <class T>
boost::asio::awaitable<rpc::RequestError> failure_of(boost::asio::awaitable<T> request) {
  try {
    co_await std::move(request);
  } catch (const rpc::RequestError& failed) {
    co_return failed;
  }
  throw std::runtime_error{"a request that had to fail was answered"};
}

/// What any other operation has failed with.
template <class T>
boost::asio::awaitable<Error> error_of(boost::asio::awaitable<T> operation) {
  try {
    co_await std::move(operation);
  } catch (const Error& failed) {
    co_return failed;
  }
  throw std::runtime_error{"an operation that had to fail has not"};
}

/// The next event of this kind; those before it are passed over.
template <class Side>
boost::asio::awaitable<rpc::Event> event_of(Side& side, rpc::Event::Kind kind) {
  for (;;) {
    rpc::Event event = co_await side.next_event(hang_bound);
    if (event.kind == kind) co_return event;
  }
}

/// Lets the loop turn until `is_so()`. Throws when only a hang can be the reason that it is not.
/// (No template: a coroutine's frame may not have a test's own types where several files are compiled as one.)
inline boost::asio::awaitable<void> becomes(std::function<bool()> is_so) {
  const auto give_up = std::chrono::steady_clock::now() + hang_bound;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error{"what had to become so has not"};
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
}

/// What handlers wait at; those who come first go first. They may outlive it. One thread.
class Gate {
  struct State {
    std::deque<boost::asio::steady_timer*> waiting;
    bool is_open = false;
    int arrived = 0;
    int cancelled = 0;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();

 public:
  /// Throws when the wait is cancelled.
  boost::asio::awaitable<void> pass() { return pass(state_); }
  void open() {
    state_->is_open = true;
    while (!state_->waiting.empty()) let_one_pass();
  }
  void let_one_pass() {
    state_->waiting.front()->cancel();
    state_->waiting.pop_front();
  }
  void let_last_pass() {
    state_->waiting.back()->cancel();
    state_->waiting.pop_back();
  }

  const int& arrived = state_->arrived;
  const int& cancelled = state_->cancelled;

 private:
  static boost::asio::awaitable<void> pass(std::shared_ptr<State> state) {
    ++state->arrived;
    if (state->is_open) co_return;
    boost::asio::steady_timer place{co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max()};
    state->waiting.push_back(&place);
    co_await place.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (std::erase(state->waiting, &place) == 0) co_return;
    ++state->cancelled;
    throw boost::system::system_error{boost::asio::error::operation_aborted};
  }
};

/// Dials again at once.
[[nodiscard]] inline rpc::ClientOptions at_once(std::string client_id = {}) {
  rpc::ClientOptions options;
  options.client_id = std::move(client_id);
  options.backoff = [](unsigned, std::uint64_t) { return std::chrono::milliseconds{1}; };
  return options;
}

}  // namespace parley::support
