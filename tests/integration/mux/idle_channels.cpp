// What a hundred thousand channels of one session take that have each carried something, and are idle.
#include <parley/mux/session.hpp>

#include "support/channel_io.hpp"
#include "support/count_allocations.hpp"
#include "support/run_context.hpp"
#include "support/session_pair.hpp"

#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

#include <malloc.h>

namespace parley::mux {
namespace {

namespace asio = boost::asio;

constexpr std::size_t many = support::allocations_are_counted ? 100'000 : 10'000;

std::size_t memory_in_use() {
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

asio::awaitable<void> say_something(Session& session, std::vector<Channel>& channels) {
  for (std::size_t i = 0; i < many; ++i) {
    channels.push_back(co_await session.open());
    co_await support::write_all(channels.back(), std::string(100, 'x'));
  }
}

asio::awaitable<void> hear_it(Session& session, std::vector<Channel>& channels) {
  for (std::size_t i = 0; i < many; ++i) {
    channels.push_back(co_await session.accept());
    (void)co_await support::read_exactly(channels.back(), 100);
  }
}

TEST(MuxSessionMemory, of_an_idle_channel_of_a_session_is_less_than_1_kib_at_each_end) {
  std::vector<Channel> near;
  std::vector<Channel> far;
  near.reserve(many);
  far.reserve(many);
  asio::io_context context;
  const std::size_t before = memory_in_use();
  Options options;
  options.channels_max = many;
  support::SessionPair sessions = support::session_pair(context, options);
  int done = 0;
  const auto count = [&done](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    ++done;
  };
  asio::co_spawn(context, say_something(sessions.client, near), count);
  asio::co_spawn(context, hear_it(sessions.server, far), count);
  ASSERT_TRUE(support::run_until(context, [&] { return done == 2; }));
  EXPECT_EQ(sessions.client.stats().channel_count, many);
  EXPECT_EQ(sessions.server.stats().channel_count, many);
  const double each = static_cast<double>(memory_in_use() - before) / (2 * many);
  RecordProperty("bytes", static_cast<int>(each));
  if (!support::allocations_are_counted) return;
  EXPECT_LT(each, 1024);
}

}  // namespace
}  // namespace parley::mux
