#include <parley/detail/call_on.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace parley::detail {
namespace {

namespace asio = boost::asio;
namespace execution = asio::execution;

class CallOn : public ::testing::Test {
 protected:
  /// Whether a function is called before call_on() returns, in the loop.
  bool calls_at_once(const asio::any_io_executor& executor) {
    bool was_called = false;
    bool at_once = false;
    asio::post(context, [&] {
      call_on(executor, [&] { was_called = true; });
      at_once = was_called;
    });
    context.restart();
    context.poll();  // an executor that tracks work would keep run() from returning
    EXPECT_TRUE(was_called);
    return at_once;
  }

  asio::io_context context;
};

TEST_F(CallOn, calls_at_once_in_the_executors_own_loop) {
  EXPECT_TRUE(calls_at_once(context.get_executor()));
  EXPECT_TRUE(calls_at_once(asio::require(context.get_executor(), execution::outstanding_work.tracked)));
  EXPECT_TRUE(calls_at_once(asio::make_strand(context))) << "as dispatch does";
}

TEST_F(CallOn, does_not_call_at_once_where_that_is_not_wanted) {
  EXPECT_FALSE(calls_at_once(asio::require(context.get_executor(), execution::blocking.never)));
  EXPECT_FALSE(calls_at_once(
      asio::require(context.get_executor(), execution::outstanding_work.tracked, execution::blocking.never)));
}

TEST_F(CallOn, posts_from_elsewhere) {
  bool was_called = false;
  call_on(context.get_executor(), [&] { was_called = true; });
  EXPECT_FALSE(was_called);
  context.run();
  EXPECT_TRUE(was_called);
}

TEST_F(CallOn, lets_what_is_thrown_leave_the_loop_and_goes_on) {
  bool went_on = false;
  asio::post(context, [&] {
    call_on(context.get_executor(), [] { throw std::runtime_error{"thrown"}; });
    went_on = true;
  });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_TRUE(went_on);
}

}  // namespace
}  // namespace parley::detail
