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
#include <utility>
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

/// False if they do not end in time.
bool run_both(asio::io_context& context, asio::awaitable<void> one, asio::awaitable<void> other) {
  int done = 0;
  const auto count = [&done](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
    ++done;
  };
  asio::co_spawn(context, std::move(one), count);
  asio::co_spawn(context, std::move(other), count);
  return support::run_until(context, [&] { return done == 2; });
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
  ASSERT_TRUE(run_both(context, say_something(sessions.client, near), hear_it(sessions.server, far)));
  EXPECT_EQ(sessions.client.stats().channel_count, many);
  EXPECT_EQ(sessions.server.stats().channel_count, many);
  const double each = static_cast<double>(memory_in_use() - before) / (2 * many);
  RecordProperty("bytes", static_cast<int>(each));
  if (!support::allocations_are_counted) return;
  EXPECT_LT(each, 1024);
}

constexpr std::size_t ignored_count = 24;
constexpr std::size_t rounds = 1'200;
constexpr std::size_t scrap = 5'000;
constexpr std::size_t much = 250'000;

/// A scrap for one of those that nobody reads, and much for the one that somebody does.
asio::awaitable<void> strew(Session& session, std::vector<Channel>& channels) {
  for (std::size_t i = 0; i <= ignored_count; ++i) channels.push_back(co_await session.open());
  for (std::size_t i = 0; i < rounds; ++i) {
    co_await support::write_all(channels[1 + i % ignored_count], std::string(scrap, 'x'));
    co_await support::write_all(channels[0], std::string(much, 'y'));
  }
}

asio::awaitable<void> read_the_first(Session& session, std::vector<Channel>& channels) {
  for (std::size_t i = 0; i <= ignored_count; ++i) channels.push_back(co_await session.accept());
  for (std::size_t i = 0; i < rounds; ++i) (void)co_await support::read_exactly(channels[0], much);
}

TEST(MuxSessionMemory, of_scraps_that_nobody_reads_is_not_that_of_all_that_came_with_them) {
  std::vector<Channel> near;
  std::vector<Channel> far;
  asio::io_context context;
  const std::size_t before = memory_in_use();
  support::SessionPair sessions = support::session_pair(context, {}, {}, 1024 * 1024);
  ASSERT_TRUE(run_both(context, strew(sessions.client, near), read_the_first(sessions.server, far)));
  EXPECT_EQ(sessions.server.stats().unread_size, rounds * scrap);
  const std::size_t mib = (memory_in_use() - before) / (1024 * 1024);
  RecordProperty("mib", static_cast<int>(mib));
  if (!support::allocations_are_counted) return;
  EXPECT_LT(mib, 100U) << "some 300 came with them";
}

}  // namespace
}  // namespace parley::mux
