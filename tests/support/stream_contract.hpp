// What every Stream that can wait must do, run over each transport. A fixture makes the pair.
#pragma once

#include <parley/error.hpp>
#include <parley/transport/stream.hpp>

#include "support/run_context.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::support {

struct Transfer {
  boost::system::error_code code;
  std::size_t size;
};

/// Stores what an operation completes with.
inline auto into(std::optional<Transfer>& result) {
  return [&result](boost::system::error_code code, std::size_t size) { result = Transfer{code, size}; };
}
inline auto into(std::optional<boost::system::error_code>& result) {
  return [&result](boost::system::error_code code) { result = code; };
}

inline std::size_t try_write(transport::Stream& stream, std::string_view text, boost::system::error_code& ec) {
  const boost::asio::const_buffer buffer{text.data(), text.size()};
  return stream.backend().try_write({&buffer, 1}, ec);
}

inline std::string try_read(transport::Stream& stream, std::size_t size_max, boost::system::error_code& ec) {
  std::string text(size_max, '\0');
  const boost::asio::mutable_buffer buffer{text.data(), text.size()};
  text.resize(stream.backend().try_read({&buffer, 1}, ec));
  return text;
}

/// `Pair::make(context)` gives two connected streams.
template <class Pair>
class StreamContract : public ::testing::Test {
 protected:
  void SetUp() override { std::tie(left, right) = Pair::make(context); }

  /// Until the byte or the end that must come is there: over a socket it takes a moment.
  void await_readable(transport::Stream& stream) {
    std::optional<boost::system::error_code> ready;
    stream.wait_readable(into(ready));
    ASSERT_TRUE(run_until(context, [&] { return ready.has_value(); }));
    ASSERT_FALSE(*ready);
  }

  /// Writes until nothing more goes; returns the bytes.
  std::size_t fill(transport::Stream& stream) {
    const std::string block(4096, 'x');
    std::size_t size = 0;
    while (!ec) size += try_write(stream, block, ec);
    EXPECT_EQ(ec, boost::asio::error::would_block);
    ec = {};
    return size;
  }

  boost::asio::io_context context;
  transport::Stream left;
  transport::Stream right;
  boost::system::error_code ec;
};

TYPED_TEST_SUITE_P(StreamContract);

TYPED_TEST_P(StreamContract, bytes_written_on_one_end_are_read_on_the_other) {
  EXPECT_EQ(try_write(this->left, "hello", this->ec), 5U);
  this->await_readable(this->right);
  EXPECT_EQ(try_read(this->right, 16, this->ec), "hello");
  EXPECT_FALSE(this->ec);
}

TYPED_TEST_P(StreamContract, an_empty_stream_would_block) {
  EXPECT_EQ(try_read(this->right, 16, this->ec), "");
  EXPECT_EQ(this->ec, boost::asio::error::would_block);
}

TYPED_TEST_P(StreamContract, reading_into_no_room_is_not_the_end) {
  EXPECT_EQ(try_read(this->right, 0, this->ec), "");
  EXPECT_FALSE(this->ec);
}

TYPED_TEST_P(StreamContract, several_buffers_are_gathered_and_scattered) {
  const std::array<boost::asio::const_buffer, 3> out{boost::asio::buffer("ab", 2), boost::asio::buffer("", 0),
                                                     boost::asio::buffer("cde", 3)};
  EXPECT_EQ(this->left.backend().try_write(out, this->ec), 5U);
  this->await_readable(this->right);
  std::string head(1, ' ');
  std::string tail(9, ' ');
  const std::array<boost::asio::mutable_buffer, 2> in{boost::asio::buffer(head), boost::asio::buffer(tail)};
  EXPECT_EQ(this->right.backend().try_read(in, this->ec), 5U);
  EXPECT_EQ(head + tail.substr(0, 4), "abcde");
}

TYPED_TEST_P(StreamContract, asynchronous_transfers_take_several_buffers_whose_list_may_go) {
  std::optional<Transfer> read;
  std::string head(2, ' ');
  std::string tail(8, ' ');
  {
    std::vector<boost::asio::mutable_buffer> in{boost::asio::buffer(head), boost::asio::buffer(tail)};
    this->right.backend().async_read_some(in, into(read));
  }
  std::optional<Transfer> written;
  {
    std::vector<boost::asio::const_buffer> out{boost::asio::buffer("abc", 3), boost::asio::buffer("de", 2)};
    this->left.backend().async_write_some(out, into(written));
  }
  EXPECT_FALSE(read || written) << "completed inside the initiating call";
  ASSERT_TRUE(run_until(this->context, [&] { return read && written; }));
  EXPECT_EQ(written->size, 5U);
  EXPECT_EQ(read->size, 5U);
  EXPECT_EQ(head + tail.substr(0, 3), "abcde");
}

TYPED_TEST_P(StreamContract, a_full_stream_would_block_and_is_writable_again_when_read) {
  const std::size_t size = this->fill(this->left);
  std::optional<boost::system::error_code> writable;
  this->left.backend().wait_writable(into(writable));
  std::size_t read = 0;
  while (read < size) {
    this->await_readable(this->right);
    read += try_read(this->right, 1 << 20, this->ec).size();
  }
  EXPECT_EQ(read, size);
  EXPECT_TRUE(run_until(this->context, [&] { return writable.has_value(); }));
  EXPECT_GT(try_write(this->left, "more", this->ec), 0U);
}

TYPED_TEST_P(StreamContract, shutting_down_ends_the_peers_reading) {
  try_write(this->left, "last", this->ec);
  this->left.shutdown_send(this->ec);
  ASSERT_FALSE(this->ec);
  this->await_readable(this->right);
  EXPECT_EQ(try_read(this->right, 16, this->ec), "last");
  this->await_readable(this->right);
  EXPECT_EQ(try_read(this->right, 16, this->ec), "");
  EXPECT_EQ(this->ec, boost::asio::error::eof);
}

TYPED_TEST_P(StreamContract, closing_aborts_what_is_pending) {
  this->fill(this->left);
  std::optional<boost::system::error_code> writable;
  std::optional<Transfer> read;
  char byte = 0;
  this->left.backend().wait_writable(into(writable));
  this->left.async_read_some(boost::asio::buffer(&byte, 1), into(read));
  this->left.close();
  EXPECT_FALSE(writable || read);
  ASSERT_TRUE(run_until(this->context, [&] { return writable && read; }));
  EXPECT_EQ(*writable, boost::asio::error::operation_aborted);
  EXPECT_EQ(read->code, boost::asio::error::operation_aborted);
}

TYPED_TEST_P(StreamContract, destroying_aborts_what_is_pending) {
  std::optional<boost::system::error_code> readable;
  this->left.wait_readable(into(readable));
  this->left = transport::Stream{};
  ASSERT_TRUE(run_until(this->context, [&] { return readable.has_value(); }));
  EXPECT_EQ(*readable, boost::asio::error::operation_aborted);
}

TYPED_TEST_P(StreamContract, a_closed_stream_refuses_without_harm) {
  this->left.close();
  this->left.close();
  try_read(this->left, 4, this->ec);
  EXPECT_TRUE(this->ec);
  try_write(this->left, "x", this->ec);
  EXPECT_TRUE(this->ec);
  std::optional<Transfer> read;
  char byte = 0;
  this->left.async_read_some(boost::asio::buffer(&byte, 1), into(read));
  ASSERT_TRUE(run_until(this->context, [&] { return read.has_value(); }));
  EXPECT_TRUE(read->code);
}

TYPED_TEST_P(StreamContract, what_was_read_is_no_longer_unacknowledged) {
  try_write(this->left, "0123456789", this->ec);
  this->await_readable(this->right);
  try_read(this->right, 16, this->ec);
  // The kernel may take its time to acknowledge.
  const auto give_up = std::chrono::steady_clock::now() + hang_bound;
  while (this->left.backend().unacknowledged_size().value_or(0) > 0U && std::chrono::steady_clock::now() < give_up) {
    this->context.poll();
  }
  EXPECT_EQ(this->left.backend().unacknowledged_size().value_or(0), 0U) << "where the stream can tell";
}

REGISTER_TYPED_TEST_SUITE_P(StreamContract, bytes_written_on_one_end_are_read_on_the_other, an_empty_stream_would_block,
                            reading_into_no_room_is_not_the_end, several_buffers_are_gathered_and_scattered,
                            asynchronous_transfers_take_several_buffers_whose_list_may_go,
                            a_full_stream_would_block_and_is_writable_again_when_read,
                            shutting_down_ends_the_peers_reading, closing_aborts_what_is_pending,
                            destroying_aborts_what_is_pending, a_closed_stream_refuses_without_harm,
                            what_was_read_is_no_longer_unacknowledged);

/// What every Stream does, besides, that is alone on its connection: a channel is not.
template <class Pair>
class SoleStreamContract : public StreamContract<Pair> {};

TYPED_TEST_SUITE_P(SoleStreamContract);

TYPED_TEST_P(SoleStreamContract, closing_ends_the_peers_reading_and_breaks_its_writing) {
  // A protocol with a closing message of its own notices that close() did not send it.
  const bool has_farewell = !this->right.backend().can_half_close();
  this->left.close();
  this->await_readable(this->right);
  EXPECT_EQ(try_read(this->right, 16, this->ec), "");
  EXPECT_EQ(this->ec, has_farewell ? make_error_code(error::truncated) : make_error_code(boost::asio::error::eof));
  // The first write may still be taken; then its refusal comes back. Either way it is an error and no signal.
  const auto broken = [&] {
    try_write(this->right, "x", this->ec);
    return bool(this->ec);
  };
  for (int tries = 0; tries < 1000 && !broken(); ++tries) this->context.poll();
  EXPECT_TRUE(this->ec == boost::asio::error::broken_pipe || this->ec == boost::asio::error::connection_reset)
      << this->ec;
}

TYPED_TEST_P(SoleStreamContract, a_pending_operation_keeps_the_context_running) {
  std::optional<boost::system::error_code> readable;
  this->right.wait_readable(into(readable));
  this->context.poll();
  EXPECT_FALSE(this->context.stopped());
  try_write(this->left, "x", this->ec);
  EXPECT_TRUE(run_to_end(this->context));
  EXPECT_TRUE(readable.has_value());
}

REGISTER_TYPED_TEST_SUITE_P(SoleStreamContract, closing_ends_the_peers_reading_and_breaks_its_writing,
                            a_pending_operation_keeps_the_context_running);

/// What every Stream does, besides, that can end one direction alone.
template <class Pair>
class HalfCloseContract : public StreamContract<Pair> {};

TYPED_TEST_SUITE_P(HalfCloseContract);

TYPED_TEST_P(HalfCloseContract, the_other_direction_goes_on) {
  ASSERT_TRUE(this->left.backend().can_half_close());
  this->left.shutdown_send(this->ec);
  ASSERT_FALSE(this->ec);
  this->await_readable(this->right);
  EXPECT_EQ(try_read(this->right, 16, this->ec), "");
  EXPECT_EQ(this->ec, boost::asio::error::eof);
  EXPECT_EQ(try_write(this->right, "answer", this->ec), 6U);
  this->await_readable(this->left);
  EXPECT_EQ(try_read(this->left, 16, this->ec), "answer");
}

REGISTER_TYPED_TEST_SUITE_P(HalfCloseContract, the_other_direction_goes_on);

}  // namespace parley::support
