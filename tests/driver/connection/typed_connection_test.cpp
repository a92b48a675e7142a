#include <parley/connection/typed_connection.hpp>

#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>

#include "support/connection_pairs.hpp"
#include "support/connection_results.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace parley::test {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

struct Reading {
  std::string sensor;
  double value;

  bool operator==(const Reading&) const = default;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (sensor, value))

namespace {

struct Typed : ::testing::Test {
  void run(asio::awaitable<void> (*task)(Typed&)) { ASSERT_TRUE(support::run_coroutine(context, task(*this))); }

  asio::io_context context;
  support::Pair pair = support::connect_pair(context);
  TypedConnection<Json> left{std::move(pair.left)};
  TypedConnection<Json> right{std::move(pair.right)};
};

const Reading reading{"a", 1.5};

TEST_F(Typed, carries_values) {
  run([](Typed& t) -> asio::awaitable<void> {
    co_await t.left.send(reading);
    co_await t.left.send(7);
    EXPECT_EQ(co_await t.right.receive<Reading>(), reading);
    EXPECT_EQ(co_await t.right.receive<int>(1s), 7);
  });
}

TEST_F(Typed, gives_nothing_at_a_clean_end) {
  run([](Typed& t) -> asio::awaitable<void> {
    co_await t.left.send(reading);
    t.left.connection().end_sending();
    EXPECT_EQ(co_await t.right.next<Reading>(), reading);
    EXPECT_EQ(co_await t.right.next<Reading>(), std::nullopt);
  });
}

TEST_F(Typed, goes_on_after_a_payload_it_rejects) {
  run([](Typed& t) -> asio::awaitable<void> {
    co_await t.left.send(std::string{"no reading"});
    co_await t.left.send(reading);
    try {
      static_cast<void>(co_await t.right.receive<Reading>());
      ADD_FAILURE() << "it was accepted";
    } catch (const Error& rejected) {
      EXPECT_EQ(rejected.code(), error::payload_rejected);
      EXPECT_STREQ(rejected.what(), R"($: expected an object, found string "no reading")");
    }
    EXPECT_EQ(co_await t.right.receive<Reading>(), reading);
  });
}

TEST_F(Typed, refuses_at_once_what_the_format_cannot_carry) {
  EXPECT_THROW(static_cast<void>(left.send(std::numeric_limits<double>::quiet_NaN())), std::invalid_argument);
}

TEST_F(Typed, waits_until_its_deadline) {
  run([](Typed& t) -> asio::awaitable<void> {
    try {
      static_cast<void>(co_await t.right.receive<Reading>(TimePoint{}));
      ADD_FAILURE() << "nothing was sent";
    } catch (const Error& late) {
      EXPECT_EQ(late.code(), error::timed_out);
    }
  });
}

TEST_F(Typed, takes_callbacks_with_the_code_and_keeps_the_sentence) {
  ASSERT_FALSE(left.post(7));
  ASSERT_FALSE(left.post(reading));
  std::optional<support::Outcome<Reading>> first;
  std::optional<support::Outcome<std::optional<Reading>>> second;
  right.receive<Reading>(support::store(first));
  right.next<Reading>(1s, support::store(second));
  ASSERT_TRUE(support::run_until(context, [&] { return first && second; }));
  EXPECT_EQ(first->code, error::payload_rejected);
  EXPECT_EQ(right.last_error(), "$: expected an object, found integer 7");
  EXPECT_EQ(second->code, error_code{});
  EXPECT_EQ(second->value, reading);
}

TEST_F(Typed, takes_futures_and_deferred_operations) {
  auto future = right.receive<Reading>(asio::use_future);
  auto later = right.receive<int>(asio::deferred);
  ASSERT_FALSE(left.post(reading));
  ASSERT_FALSE(left.post(8));
  std::optional<support::Outcome<int>> number;
  TypedConnection<Json> moved = std::move(right);  // what is deferred does not hold the handle
  std::move(later)(support::store(number));
  ASSERT_TRUE(support::run_until(context, [&] { return number.has_value(); }));
  EXPECT_EQ(future.get(), reading);
  EXPECT_EQ(number->value, 8);
}

TEST_F(Typed, receiving_can_be_cancelled_and_loses_nothing) {
  asio::cancellation_signal stop;
  std::optional<support::Outcome<int>> cancelled;
  right.receive<int>(asio::bind_cancellation_slot(stop.slot(), support::store(cancelled)));
  support::settle(context);
  stop.emit(asio::cancellation_type::total);
  ASSERT_TRUE(support::run_until(context, [&] { return cancelled.has_value(); }));
  EXPECT_EQ(cancelled->code, asio::error::operation_aborted);
  ASSERT_FALSE(left.post(9));
  std::optional<support::Outcome<int>> received;
  right.receive<int>(support::store(received));
  ASSERT_TRUE(support::run_until(context, [&] { return received.has_value(); }));
  EXPECT_EQ(received->value, 9);
}

TEST_F(Typed, sends_with_every_token) {
  std::optional<error_code> sent;
  left.send(1, support::store(sent));
  auto future = left.send(2, Deadline{1s}, asio::use_future);
  run([](Typed& t) -> asio::awaitable<void> {
    co_await t.left.send(3, asio::use_awaitable);
    EXPECT_EQ(co_await t.right.receive<int>(), 1);
    EXPECT_EQ(co_await t.right.receive<int>(), 2);
    EXPECT_EQ(co_await t.right.receive<int>(), 3);
  });
  EXPECT_EQ(sent, error_code{});
  future.get();
}

TEST_F(Typed, tries_without_waiting) {
  EXPECT_EQ(right.try_receive<int>(), std::nullopt);
  ASSERT_FALSE(left.try_send(4));
  std::optional<int> got;
  ASSERT_TRUE(support::run_until(context, [&] { return (got = right.try_receive<int>()).has_value(); }));
  EXPECT_EQ(got, 4);
}

/// The smallest codec there can be.
struct Digits {
  static constexpr std::string_view name = "digits";
  Message encode(const std::string& text) const { return Message{text}; }
  Message encode(int value) const { return Message{std::to_string(value)}; }
  template <class T>
  T decode(const Payload& payload) const {
    if constexpr (std::same_as<T, std::string>)
      return T{payload.view()};
    else
      return std::stoi(std::string{payload.view()});
  }
};
static_assert(Codec<Digits>);

TEST(TypedConnection, takes_a_codec_of_ones_own) {
  asio::io_context context;
  support::Pair pair = support::connect_pair(context);
  TypedConnection<Digits> left{std::move(pair.left)};
  TypedConnection<Digits> right{std::move(pair.right)};
  ASSERT_FALSE(left.post(42));
  std::optional<int> got;
  ASSERT_TRUE(support::run_until(context, [&] { return (got = right.try_receive<int>()).has_value(); }));
  EXPECT_EQ(got, 42);
}

}  // namespace
}  // namespace parley::test
