// Clients and servers of requests, and the broker over which they meet.
#pragma once

#include "support/private_broker.hpp"

#include <parley/parley.hpp>

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley::interop {

namespace asio = boost::asio;

/// Far more than anything takes, also where a broker has to start meanwhile.
inline constexpr std::chrono::seconds amqp_patience{100};

/// One for all who are content with a broker as it comes, as it takes a while to start. Those that kill it start it
/// again, and those that set an alarm clear it.
inline support::PrivateBroker& shared_broker() {
  static support::PrivateBroker broker;
  return broker;
}

class AmqpMeeting : public ::testing::Test {
 protected:
  using Task = std::function<asio::awaitable<void>()>;

  /// Of this test alone.
  [[nodiscard]] static std::string address() {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string{test->test_suite_name()} + '.' + test->name();
    for (char& each : name) {
      if (each == '/') each = '.';
    }
    return name;
  }
  [[nodiscard]] static Endpoint at(const std::string& user = "guest:guest", const std::string& virtual_host = "%2F") {
    return Endpoint{"amqp://" + user + "@127.0.0.1:" + std::to_string(shared_broker().port()) + '/' + virtual_host +
                    "?address=" + address()};
  }
  [[nodiscard]] static Endpoint client_at(const std::string& name) {
    return Endpoint{at().serialize() + "&client=" + name};
  }
  /// Those of this test's address, by what follows that.
  [[nodiscard]] static std::vector<std::string> queues() {
    const std::string begin = "communica." + address() + '.';
    std::vector<std::string> found;
    for (const auto& [name, count] : shared_broker().queues()) {
      if (name.starts_with(begin)) found.push_back(name.substr(begin.size()));
    }
    return found;
  }

  /// Runs `task` to its end; what it throws fails the test.
  void run(Task task) {
    bool is_done = false;
    std::exception_ptr thrown;
    asio::co_spawn(context_, task(), [&](std::exception_ptr failure) {
      thrown = std::move(failure);
      is_done = true;
    });
    const auto give_up = Clock::now() + amqp_patience;
    while (!is_done && context_.run_one_until(give_up) > 0) {
    }
    EXPECT_TRUE(is_done) << "it hangs";
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
      ADD_FAILURE() << failure.what();
    }
  }

  /// Lets the context go on while `work` takes its time.
  asio::awaitable<void> aside(std::function<void()> work) {
    auto job = [work = std::move(work)]() -> asio::awaitable<void> {
      work();
      co_return;
    };
    co_await asio::co_spawn(pool_, std::move(job), asio::use_awaitable);
  }

  /// Of what nobody announces.
  static asio::awaitable<void> until(std::function<bool()> holds) {
    asio::steady_timer pause{co_await asio::this_coro::executor};
    const auto give_up = Clock::now() + amqp_patience;
    while (!holds() && Clock::now() < give_up) {
      pause.expires_after(std::chrono::milliseconds{2});
      co_await pause.async_wait(asio::use_awaitable);
    }
    EXPECT_TRUE(holds());
  }

  /// Passes over other events.
  template <class Side>
  static asio::awaitable<rpc::Event> event_of(Side& side, rpc::Event::Kind kind) {
    for (;;) {
      rpc::Event event = co_await side.next_event(amqp_patience);
      if (event.kind == kind) co_return event;
    }
  }

  asio::io_context context_;
  asio::thread_pool pool_{1};
};

/// What an operation that has to fail says.
struct Refusal {
  boost::system::error_code code{};
  std::string sentence{};
};

template <class T>
asio::awaitable<Refusal> refusal_of(asio::awaitable<T> operation) {
  Refusal refusal;
  try {
    co_await std::move(operation);
    ADD_FAILURE() << "it did not fail";
  } catch (const Error& failure) {
    refusal.code = failure.code();
    refusal.sentence = failure.what();
  }
  co_return refusal;
}

}  // namespace parley::interop
