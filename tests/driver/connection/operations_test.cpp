// Every operation that waits, by every kind of completion token, and every way in which the wait can end.
#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <future>
#include <thread>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::connect_pair;
using support::Pair;
using support::PairOptions;
using support::run_coroutine;
using support::run_to_end;
using support::run_until;
using support::settle;

constexpr asio::cancellation_type every_type[] = {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                                  asio::cancellation_type::total};

/// Results as text, so that one test serves all.
std::string text_of(const Message& message) { return message.text(); }
std::string text_of(const std::optional<Message>& message) { return message ? message->text() : "nothing"; }
std::string text_of(const std::vector<Message>& messages) {
  std::string all;
  for (const Message& each : messages) all += each.text();
  return all;
}

// --- the operations --------------------------------------------------------------------------------------------------
// `block` makes the next one wait, `release` lets it go on, and `expected` is what it then gives.

struct Receiving {
  static std::string time_out() { return "receive timed out after [01] ms"; }
  static void block(asio::io_context&, Pair&) {}
  static void release(Pair& pair) { EXPECT_FALSE(pair.right.post("hello")); }
  static std::string expected() { return "hello"; }
  /// What must still be there after a wait that gave nothing.
  static void check_nothing_lost(asio::io_context& context, Pair& pair) {
    release(pair);
    std::optional<Message> message;
    ASSERT_TRUE(run_until(context, [&] { return (message = pair.left.try_receive()).has_value(); }));
    EXPECT_EQ(*message, "hello");
  }
};

struct Receive : Receiving {
  template <class Token>
  static auto start(Connection& at, Deadline deadline, Token&& token) {
    return at.receive(deadline, std::forward<Token>(token));
  }
  static asio::awaitable<std::string> start(Connection& at, Deadline deadline) {
    co_return text_of(co_await at.receive(deadline));
  }
};

struct Next : Receiving {
  template <class Token>
  static auto start(Connection& at, Deadline deadline, Token&& token) {
    return at.next(deadline, std::forward<Token>(token));
  }
  static asio::awaitable<std::string> start(Connection& at, Deadline deadline) {
    co_return text_of(co_await at.next(deadline));
  }
};

struct ReceiveBatch : Receiving {
  template <class Token>
  static auto start(Connection& at, Deadline deadline, Token&& token) {
    return at.receive_batch(10, deadline, std::forward<Token>(token));
  }
  static asio::awaitable<std::string> start(Connection& at, Deadline deadline) {
    co_return text_of(co_await at.receive_batch(10, deadline));
  }
};

/// The peer does not read: its own queue is full, and so are the stream and the queue of this end.
struct Sending {
  static void block(asio::io_context& context, Pair& pair) {
    while (!pair.left.try_send(std::string(100, 'f'))) settle(context);
    EXPECT_EQ(pair.left.try_send("x"), error::full);
  }
  static void take(Connection& from, std::string& all) {
    from.next([&](error_code ec, std::optional<Message> message) {
      if (ec || !message) return;
      all += message->text();
      take(from, all);
    });
  }
  static void release(Pair& pair) {
    static std::string ignored;
    take(pair.right, ignored);
  }
  static std::string expected() { return ""; }
  static void check_nothing_lost(asio::io_context& context, Pair& pair) {
    const std::size_t filled = 100 * pair.left.stats().messages_sent;
    std::string all;
    take(pair.right, all);
    EXPECT_FALSE(pair.left.post("last"));
    ASSERT_TRUE(run_until(context, [&] { return all.size() >= filled + 4; }));
    EXPECT_EQ(all, std::string(filled, 'f') + "last");
    pair.right = Connection{};
    settle(context);
  }
};

struct Send : Sending {
  static std::string time_out() { return "send timed out after [01] ms: the queue holds [0-9]+ bytes"; }
  template <class Token>
  static auto start(Connection& at, Deadline deadline, Token&& token) {
    return at.send("one more", deadline, std::forward<Token>(token));
  }
  static asio::awaitable<std::string> start(Connection& at, Deadline deadline) {
    co_await at.send("one more", deadline);
    co_return "";
  }
};

struct Flush : Sending {
  static std::string time_out() { return "flush timed out after [01] ms: the queue holds [0-9]+ bytes"; }
  template <class Token>
  static auto start(Connection& at, Deadline deadline, Token&& token) {
    return at.flush(deadline, std::forward<Token>(token));
  }
  static asio::awaitable<std::string> start(Connection& at, Deadline deadline) {
    co_await at.flush(deadline);
    co_return "";
  }
};

/// Stores the code and the text of whatever the operation completes with.
struct Result {
  std::optional<error_code> code;
  std::string text;

  auto handler() {
    return [this](error_code ec, auto... value) {
      EXPECT_FALSE(code) << "completed twice";
      code = ec;
      ((text = text_of(value)), ...);
    };
  }
};

template <class Op>
class Operation : public ::testing::Test {
 protected:
  void SetUp() override {
    PairOptions options;
    options.capacity = 64;
    options.left.send_high_water_size = 1000;
    options.right.receive_high_water_size = 1;
    options.left.linger = std::chrono::milliseconds{50};
    pair = connect_pair(context, options);
    Op::block(context, pair);
  }

  bool completes(Result& result) {
    return run_until(context, [&] { return result.code.has_value(); });
  }

  asio::io_context context;
  Pair pair;
};

using Operations = ::testing::Types<Receive, Next, ReceiveBatch, Send, Flush>;
class OperationNames {
 public:
  template <class Op>
  static std::string GetName(int index) {
    constexpr const char* names[] = {"receive", "next", "receive_batch", "send", "flush"};
    return names[index];
  }
};
TYPED_TEST_SUITE(Operation, Operations, OperationNames);

TYPED_TEST(Operation, completes_by_a_callback_and_not_before_its_time) {
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  settle(this->context);
  EXPECT_FALSE(result.code);
  TypeParam::release(this->pair);
  EXPECT_FALSE(result.code);
  ASSERT_TRUE(this->completes(result));
  EXPECT_FALSE(*result.code);
  EXPECT_EQ(result.text, TypeParam::expected());
}

TYPED_TEST(Operation, never_completes_inside_the_initiating_call) {
  TypeParam::release(this->pair);
  settle(this->context);
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  EXPECT_FALSE(result.code);
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(result.text, TypeParam::expected());
}

TYPED_TEST(Operation, completes_on_the_executor_of_its_handler) {
  auto strand = asio::make_strand(this->context);
  bool there = false;
  Result result;
  TypeParam::start(this->pair.left, {}, asio::bind_executor(strand, [&, store = result.handler()](auto... all) mutable {
                     there = strand.running_in_this_thread();
                     store(std::move(all)...);
                   }));
  TypeParam::release(this->pair);
  ASSERT_TRUE(this->completes(result));
  EXPECT_TRUE(there);
}

TYPED_TEST(Operation, completes_by_a_future) {
  auto work = asio::make_work_guard(this->context);
  std::thread running{[&] { this->context.run(); }};
  auto future = TypeParam::start(this->pair.left, {}, asio::use_future);
  TypeParam::release(this->pair);
  const bool in_time = future.wait_for(support::hang_bound) == std::future_status::ready;
  EXPECT_TRUE(in_time);
  if (in_time) {
    EXPECT_NO_THROW((void)future.get());
  }
  this->context.stop();
  running.join();
}

TYPED_TEST(Operation, completes_without_a_token) {
  std::string text;
  asio::post(this->context, [&] { TypeParam::release(this->pair); });
  ASSERT_TRUE(run_coroutine(this->context,
                            [&]() -> asio::awaitable<void> { text = co_await TypeParam::start(this->pair.left, {}); }));
  EXPECT_EQ(text, TypeParam::expected());
}

TYPED_TEST(Operation, completes_as_a_tuple_and_with_a_redirected_error) {
  asio::post(this->context, [&] { TypeParam::release(this->pair); });
  ASSERT_TRUE(run_coroutine(this->context, [&]() -> asio::awaitable<void> {
    const auto result = co_await TypeParam::start(this->pair.left, {}, asio::as_tuple(asio::use_awaitable));
    EXPECT_FALSE(std::get<0>(result));
    error_code ec = asio::error::eof;
    TypeParam::release(this->pair);
    co_await TypeParam::start(this->pair.left, {}, asio::redirect_error(asio::use_awaitable, ec));
    EXPECT_FALSE(ec);
  }));
}

TYPED_TEST(Operation, is_cancelled_by_any_type_of_cancellation_and_loses_nothing) {
  for (const asio::cancellation_type type : every_type) {
    Result result;
    asio::cancellation_signal signal;
    TypeParam::start(this->pair.left, {}, asio::bind_cancellation_slot(signal.slot(), result.handler()));
    settle(this->context);
    signal.emit(type);
    EXPECT_FALSE(result.code);
    ASSERT_TRUE(this->completes(result));
    EXPECT_EQ(*result.code, asio::error::operation_aborted);
    signal.emit(type);
  }
  TypeParam::check_nothing_lost(this->context, this->pair);
}

TYPED_TEST(Operation, is_cancelled_in_a_coroutine) {
  std::optional<error_code> code;
  asio::cancellation_signal signal;
  asio::co_spawn(
      this->context,
      [&]() -> asio::awaitable<void> {
        try {
          co_await TypeParam::start(this->pair.left, {});
        } catch (const Error& error) {
          code = error.code();
        }
      },
      asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  settle(this->context);
  signal.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(this->context, [&] { return code.has_value(); }));
  EXPECT_EQ(*code, asio::error::operation_aborted);
  TypeParam::check_nothing_lost(this->context, this->pair);
}

TYPED_TEST(Operation, is_not_cancelled_once_it_has_completed) {
  Result result;
  asio::cancellation_signal signal;
  TypeParam::start(this->pair.left, {}, asio::bind_cancellation_slot(signal.slot(), result.handler()));
  TypeParam::release(this->pair);
  ASSERT_TRUE(this->completes(result));
  EXPECT_FALSE(*result.code);
  signal.emit(asio::cancellation_type::terminal);
  settle(this->context);
}

TYPED_TEST(Operation, one_of_several_is_cancelled_and_the_others_are_not) {
  Result first, second, third;
  asio::cancellation_signal signal;
  TypeParam::start(this->pair.left, {}, first.handler());
  TypeParam::start(this->pair.left, {}, asio::bind_cancellation_slot(signal.slot(), second.handler()));
  TypeParam::start(this->pair.left, {}, third.handler());
  signal.emit(asio::cancellation_type::total);
  TypeParam::release(this->pair);
  TypeParam::release(this->pair);
  ASSERT_TRUE(this->completes(first) && this->completes(second) && this->completes(third));
  EXPECT_FALSE(*first.code);
  EXPECT_EQ(*second.code, asio::error::operation_aborted);
  EXPECT_FALSE(*third.code);
}

TYPED_TEST(Operation, times_out_and_loses_nothing) {
  Result result;
  TypeParam::start(this->pair.left, Clock::now(), result.handler());
  EXPECT_FALSE(result.code);
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(*result.code, error::timed_out);
  TypeParam::check_nothing_lost(this->context, this->pair);
}

TYPED_TEST(Operation, times_out_with_a_sentence_that_says_what_waited_how_long) {
  std::string sentence;
  ASSERT_TRUE(run_coroutine(this->context, [&]() -> asio::awaitable<void> {
    try {
      co_await TypeParam::start(this->pair.left, std::chrono::milliseconds{1});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), error::timed_out);
      sentence = error.what();
    }
  }));
  EXPECT_THAT(sentence, ::testing::MatchesRegex(TypeParam::time_out() + " \\(inproc://memory\\)"));
  EXPECT_EQ(this->pair.left.last_error(), sentence);
}

TYPED_TEST(Operation, that_began_after_its_deadline_says_it_had_no_time) {
  Result result;
  TypeParam::start(this->pair.left, TimePoint::min(), result.handler());
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(result.code, error::timed_out);
  EXPECT_THAT(this->pair.left.last_error(), ::testing::HasSubstr(" timed out after 0 ms"));
}

TYPED_TEST(Operation, that_ends_before_its_deadline_leaves_no_work_and_no_error_behind) {
  Result result;
  TypeParam::start(this->pair.left, std::chrono::hours{1}, result.handler());
  TypeParam::release(this->pair);
  ASSERT_TRUE(this->completes(result));
  EXPECT_FALSE(*result.code);
  EXPECT_EQ(this->pair.left.last_error(), "");
  this->pair = Pair{};
  EXPECT_TRUE(run_to_end(this->context));
}

TYPED_TEST(Operation, ends_when_the_handle_is_destroyed) {
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  this->pair.left = Connection{};
  EXPECT_FALSE(result.code);
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(*result.code, asio::error::operation_aborted);
}

TYPED_TEST(Operation, ends_when_the_connection_is_aborted) {
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  this->pair.left.abort();
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(*result.code, asio::error::operation_aborted);
}

TYPED_TEST(Operation, ends_when_the_connection_is_closed) {
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  this->pair.left.close(std::chrono::milliseconds{1}, [](error_code, CloseReport) {});
  ASSERT_TRUE(this->completes(result));
  EXPECT_EQ(*result.code, asio::error::operation_aborted);
}

TYPED_TEST(Operation, goes_on_when_the_handle_is_moved) {
  Result result;
  TypeParam::start(this->pair.left, {}, result.handler());
  Connection elsewhere{std::move(this->pair.left)};
  TypeParam::release(this->pair);
  ASSERT_TRUE(this->completes(result));
  EXPECT_FALSE(*result.code);
}

TYPED_TEST(Operation, may_be_initiated_from_another_thread) {
  auto work = asio::make_work_guard(this->context);
  std::vector<std::thread> running;
  for (int i = 0; i < 2; ++i) running.emplace_back([&] { this->context.run(); });
  std::promise<error_code> done;
  std::thread initiating{[&] {
    TypeParam::start(this->pair.left, {}, [&](error_code ec, auto...) { done.set_value(ec); });
    TypeParam::release(this->pair);
  }};
  initiating.join();
  auto future = done.get_future();
  const bool in_time = future.wait_for(support::hang_bound) == std::future_status::ready;
  EXPECT_TRUE(in_time);
  if (in_time) {
    EXPECT_FALSE(future.get());
  }
  this->context.stop();
  for (std::thread& each : running) each.join();
}

TYPED_TEST(Operation, leaves_nothing_behind_when_its_context_goes) {
  asio::co_spawn(
      this->context,
      [](Connection own, Connection peer) -> asio::awaitable<void> {
        co_await TypeParam::start(own, std::chrono::hours{1});
        (void)peer;
      }(std::move(this->pair.left), std::move(this->pair.right)),
      [](std::exception_ptr) { ADD_FAILURE() << "it must be dropped, not completed"; });
  settle(this->context);
}

// --- awaitables that have not begun ----------------------------------------------------------------------------------

TEST(AwaitableNotBegun, may_begin_in_one_thread_while_its_handle_goes_in_another) {
  for (int round = 0; round < 300; ++round) {
    asio::io_context context;
    asio::io_context elsewhere;
    Pair pair = connect_pair(context);
    asio::awaitable<void> send = pair.left.send("in time, or not at all");
    asio::awaitable<Message> receive = pair.left.receive();
    std::thread beginning{[&] {
      asio::co_spawn(elsewhere, std::move(send), [](const std::exception_ptr&) {});
      asio::co_spawn(elsewhere, std::move(receive), [](const std::exception_ptr& thrown, const Message&) {
        EXPECT_TRUE(thrown) << "nobody has sent anything";
      });
      elsewhere.run();
    }};
    pair.left = Connection{};
    beginning.join();
  }
}

// --- close -----------------------------------------------------------------------------------------------------------

TEST(ContextGoes, with_many_coroutines_that_own_several_connections_and_wait_on_one) {
  asio::io_context context;
  for (int i = 0; i < 20; ++i) {
    auto [left, right] = connect_pair(context);
    EXPECT_FALSE(left.post("queued"));
    asio::co_spawn(
        context,
        [](Connection a, Connection b, bool first) -> asio::awaitable<void> {
          if (first) {
            for (;;) co_await a.receive(std::chrono::hours{1});
          } else {
            for (;;) co_await b.receive();
          }
        }(std::move(left), std::move(right), i % 2 == 0),
        [](std::exception_ptr) {});
  }
  settle(context);
}

TEST(ContextGoes, while_connections_are_closing) {
  asio::io_context context;
  PairOptions options;
  options.capacity = 5;
  options.right.receive_high_water_size = 1;
  auto [left, right] = connect_pair(context, options);
  EXPECT_FALSE(left.post(std::string(1000, 'x')));
  asio::co_spawn(
      context,
      [](Connection own) -> asio::awaitable<void> { co_await own.close(std::chrono::hours{1}); }(std::move(left)),
      [](std::exception_ptr) {});
  settle(context);
  right = Connection{};
}

TEST(ContextGoes, before_the_handle_does) {
  std::optional<asio::io_context> context{std::in_place};
  auto pair = connect_pair(*context);
  EXPECT_FALSE(pair.left.post("never written"));
  context.reset();
  pair = Pair{};
}

/// Runs until a coroutine that has asked something waits for the answer; what its peer finds then.
std::size_t written_when_waiting(bool by_next) {
  asio::io_context context;
  auto [near, far] = transport::memory_pair(context.get_executor(), context.get_executor());
  Connection asking{std::move(near)};
  bool is_about_to_wait = false;
  const auto ask = [&]() -> asio::awaitable<void> {
    co_await asking.send("question");
    is_about_to_wait = true;
    if (by_next) {
      (void)co_await asking.next();
    } else {
      (void)co_await asking.receive();
    }
  };
  asio::co_spawn(context, ask(), [](std::exception_ptr) {});
  while (!is_about_to_wait && context.run_one() > 0) {
  }
  std::array<std::byte, 64> room{};
  const asio::mutable_buffer buffer{room.data(), room.size()};
  error_code ec;
  return far.backend().try_read({&buffer, 1}, ec);
}

TEST(Receive, writes_what_was_asked_before_it_waits_for_the_answer) {
  EXPECT_EQ(written_when_waiting(false), 12U);
  EXPECT_EQ(written_when_waiting(true), 12U);
}

}  // namespace
}  // namespace parley
