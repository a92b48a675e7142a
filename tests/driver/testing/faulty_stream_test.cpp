#include <parley/testing/faulty_stream.hpp>
#include <parley/transport/memory.hpp>

#include "support/stream_contract.hpp"

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using parley::testing::FaultPlan;
using parley::testing::faulty_stream;
using support::run_until;
using transport::Stream;

std::pair<Stream, Stream> pair_with(asio::io_context& context, FaultPlan plan) {
  auto [left, right] = transport::memory_pair(context.get_executor(), context.get_executor());
  return {faulty_stream(std::move(left), plan), std::move(right)};
}

/// A plan without faults changes nothing.
struct FaultlessPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) { return pair_with(context, {}); }
};

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, StreamContract, FaultlessPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, SoleStreamContract, FaultlessPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Faultless, HalfCloseContract, FaultlessPair);
}  // namespace support

namespace {

class FaultyStream : public ::testing::Test {
 protected:
  void make(FaultPlan plan) { std::tie(faulty, peer) = pair_with(context, plan); }

  asio::io_context context;
  Stream faulty;
  Stream peer;
  error_code ec;
};

TEST_F(FaultyStream, moves_at_most_so_many_bytes_an_operation) {
  FaultPlan plan;
  plan.read_size_max = 2;
  plan.write_size_max = 3;
  make(plan);
  EXPECT_EQ(support::try_write(faulty, "abcdef", ec), 3U);
  support::try_write(peer, "uvwxyz", ec);
  EXPECT_EQ(support::try_read(faulty, 16, ec), "uv");
  std::string room(16, ' ');
  std::optional<support::Transfer> read;
  faulty.async_read_some(asio::buffer(room), support::into(read));
  ASSERT_TRUE(run_until(context, [&] { return read.has_value(); }));
  EXPECT_EQ(read->size, 2U);
}

TEST_F(FaultyStream, fails_from_the_given_read_on) {
  FaultPlan plan;
  plan.fail_read = {2, asio::error::connection_reset};
  make(plan);
  support::try_read(faulty, 4, ec);
  EXPECT_EQ(ec, asio::error::would_block) << "not counted";
  support::try_write(peer, "abcd", ec);
  EXPECT_EQ(support::try_read(faulty, 2, ec), "ab");
  EXPECT_EQ(support::try_read(faulty, 2, ec), "");
  EXPECT_EQ(ec, asio::error::connection_reset);
  support::try_read(faulty, 2, ec);
  EXPECT_EQ(ec, asio::error::connection_reset);
}

TEST_F(FaultyStream, a_failure_to_come_is_ready_at_once) {
  FaultPlan plan;
  plan.fail_read = {1, asio::error::connection_reset};
  plan.fail_write = {1, asio::error::broken_pipe};
  make(plan);
  std::optional<error_code> ready;
  faulty.wait_readable(support::into(ready));
  std::optional<support::Transfer> written;
  faulty.async_write_some(asio::buffer("x", 1), support::into(written));
  ASSERT_TRUE(run_until(context, [&] { return ready && written; }));
  EXPECT_EQ(written->code, asio::error::broken_pipe);
}

TEST_F(FaultyStream, a_stalled_direction_ends_only_with_the_stream) {
  FaultPlan plan;
  plan.stall_read = 1;
  make(plan);
  support::try_write(peer, "never seen", ec);
  EXPECT_EQ(support::try_read(faulty, 4, ec), "");
  EXPECT_EQ(ec, asio::error::would_block);
  std::optional<error_code> ready;
  faulty.wait_readable(support::into(ready));
  context.poll();
  EXPECT_FALSE(ready);
  EXPECT_FALSE(context.stopped());
  faulty.close();
  ASSERT_TRUE(run_until(context, [&] { return ready.has_value(); }));
  EXPECT_EQ(*ready, asio::error::operation_aborted);
}

TEST_F(FaultyStream, tries_block_although_they_could_go_on) {
  FaultPlan plan;
  plan.spurious_period = 2;
  make(plan);
  support::try_write(peer, "abcd", ec);
  EXPECT_EQ(support::try_read(faulty, 1, ec), "a");
  support::try_read(faulty, 1, ec);
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_EQ(support::try_read(faulty, 1, ec), "b");
}

TEST_F(FaultyStream, can_hide_that_it_can_wait) {
  FaultPlan plan;
  plan.can_wait = false;
  plan.can_half_close = false;
  make(plan);
  EXPECT_FALSE(faulty.backend().can_wait());
  EXPECT_FALSE(faulty.backend().can_half_close());
  support::try_read(faulty, 1, ec);
  EXPECT_EQ(ec, asio::error::operation_not_supported);
}

TEST_F(FaultyStream, a_limit_of_nothing_is_refused) {
  FaultPlan plan;
  plan.read_size_max = 0;
  EXPECT_THROW(make(plan), std::invalid_argument);
}

}  // namespace
}  // namespace parley
