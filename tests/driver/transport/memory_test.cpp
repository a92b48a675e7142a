#include <parley/transport/memory.hpp>

#include "support/stream_contract.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <thread>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::run_to_end;
using transport::memory_pair;
using transport::MemoryOptions;
using transport::Stream;

struct MemoryPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) {
    return memory_pair(context.get_executor(), context.get_executor());
  }
};
/// Everything goes byte by byte, and around the ring.
struct TightMemoryPair {
  static std::pair<Stream, Stream> make(asio::io_context& context) {
    return memory_pair(context.get_executor(), context.get_executor(), MemoryOptions{10});
  }
};

}  // namespace

namespace support {
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StreamContract, MemoryPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SoleStreamContract, MemoryPair);
INSTANTIATE_TYPED_TEST_SUITE_P(TightMemory, StreamContract, TightMemoryPair);
INSTANTIATE_TYPED_TEST_SUITE_P(TightMemory, SoleStreamContract, TightMemoryPair);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, HalfCloseContract, MemoryPair);
INSTANTIATE_TYPED_TEST_SUITE_P(TightMemory, HalfCloseContract, TightMemoryPair);
}  // namespace support

namespace {

TEST(Memory, holds_no_more_than_its_capacity) {
  asio::io_context context;
  auto [left, right] = memory_pair(context.get_executor(), context.get_executor(), MemoryOptions{3});
  error_code ec;
  EXPECT_EQ(support::try_write(left, "abcdef", ec), 3U);
  EXPECT_EQ(left.backend().unacknowledged_size(), 3U);
  EXPECT_EQ(support::try_write(left, "def", ec), 0U);
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_EQ(support::try_read(right, 2, ec), "ab");
  EXPECT_EQ(support::try_write(left, "def", ec), 2U);
  EXPECT_EQ(support::try_read(right, 9, ec), "cde");
}

TEST(Memory, a_capacity_of_nothing_is_refused) {
  asio::io_context context;
  EXPECT_THROW((void)memory_pair(context.get_executor(), context.get_executor(), MemoryOptions{0}),
               std::invalid_argument);
}

TEST(Memory, a_cancelled_read_leaves_the_bytes) {
  asio::io_context context;
  auto [left, right] = memory_pair(context.get_executor(), context.get_executor());
  asio::cancellation_signal signal;
  std::optional<support::Transfer> read;
  std::string room(8, ' ');
  right.async_read_some(asio::buffer(room), asio::bind_cancellation_slot(signal.slot(), support::into(read)));
  signal.emit(asio::cancellation_type::terminal);
  error_code ec;
  support::try_write(left, "kept", ec);
  ASSERT_TRUE(run_to_end(context));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->code, asio::error::operation_aborted);
  EXPECT_EQ(support::try_read(right, 8, ec), "kept");
  signal.emit(asio::cancellation_type::terminal);  // stale, and harmless
}

// Sends a count of bytes that are their position, in pieces of a few odd sizes.
class Sender : public std::enable_shared_from_this<Sender> {
 public:
  Sender(Stream& stream, std::size_t total) : stream_{stream}, total_{total} {}
  void go() {
    if (sent_ == total_) {
      error_code ec;
      return stream_.shutdown_send(ec);
    }
    piece_.resize(std::min(total_ - sent_, 1 + sent_ % 997));
    for (std::size_t i = 0; i < piece_.size(); ++i) piece_[i] = static_cast<char>(sent_ + i);
    stream_.async_write_some(asio::buffer(piece_), [self = shared_from_this()](error_code ec, std::size_t size) {
      ASSERT_FALSE(ec);
      self->sent_ += size;
      self->go();
    });
  }

 private:
  Stream& stream_;
  std::size_t total_;
  std::size_t sent_ = 0;
  std::string piece_;
};

class Receiver : public std::enable_shared_from_this<Receiver> {
 public:
  explicit Receiver(Stream& stream) : stream_{stream}, room_(500, ' ') {}
  void go() {
    stream_.async_read_some(asio::buffer(room_), [self = shared_from_this()](error_code ec, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) {
        self->in_order = self->in_order && self->room_[i] == static_cast<char>(self->received++);
      }
      self->ended = ec == asio::error::eof;
      if (!ec) self->go();
    });
  }

  std::size_t received = 0;
  bool in_order = true;
  bool ended = false;

 private:
  Stream& stream_;
  std::string room_;
};

TEST(Memory, carries_bytes_both_ways_between_two_threads) {
  asio::io_context left_context;
  asio::io_context right_context;
  auto [left, right] = memory_pair(left_context.get_executor(), right_context.get_executor(), MemoryOptions{777});
  constexpr std::size_t total = 1'000'000;
  const auto from_left = std::make_shared<Receiver>(right);
  const auto from_right = std::make_shared<Receiver>(left);
  from_left->go();
  from_right->go();
  std::make_shared<Sender>(left, total)->go();
  std::make_shared<Sender>(right, total)->go();
  bool right_ended = false;
  std::thread other{[&] { right_ended = run_to_end(right_context); }};
  EXPECT_TRUE(run_to_end(left_context));
  other.join();
  EXPECT_TRUE(right_ended);
  for (const auto& each : {from_left, from_right}) {
    EXPECT_EQ(each->received, total);
    EXPECT_TRUE(each->in_order);
    EXPECT_TRUE(each->ended);
  }
}

}  // namespace
}  // namespace parley
