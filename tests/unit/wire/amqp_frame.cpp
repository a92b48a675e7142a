#include <parley/wire/amqp_frame.hpp>

#include "support/bytes_of.hpp"
#include "vectors/amqp.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::test::amqp_frame_tests {
namespace {

using wire::AmqpFrameKind;
using wire::AmqpFrames;
using wire::AmqpFrameStep;
using Outcome = AmqpFrameStep::Outcome;

AmqpFrameStep decode(const std::string& bytes, std::size_t size_max = 4096) {
  return AmqpFrames{size_max}.decode(bytes_of(bytes));
}

TEST(AmqpFrames, tell_kind_channel_and_payload) {
  const std::string bytes = from_hex("03 0102 00000003 616263 ce");
  const AmqpFrameStep step = decode(bytes + "more");
  ASSERT_EQ(step.outcome, Outcome::frame);
  EXPECT_EQ(step.kind, AmqpFrameKind::body);
  EXPECT_EQ(step.channel, 0x0102);
  EXPECT_EQ(bytes.substr(step.payload_begin, step.payload_size), "abc");
  EXPECT_EQ(step.consumed, bytes.size());
}

TEST(AmqpFrames, may_be_empty) {
  const AmqpFrameStep step = decode(from_hex("08 0000 00000000 ce"));
  ASSERT_EQ(step.outcome, Outcome::frame);
  EXPECT_EQ(step.kind, AmqpFrameKind::heartbeat);
  EXPECT_EQ(step.payload_size, 0U);
  EXPECT_EQ(step.consumed, AmqpFrames::overhead);
}

TEST(AmqpFrames, ask_for_more_bytes_than_there_are_until_they_are_whole) {
  for (const AmqpVector& vector : amqp_vectors()) {
    const std::string bytes = from_hex(vector.wire);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const AmqpFrameStep step = decode(bytes.substr(0, size));
      ASSERT_EQ(step.outcome, Outcome::need) << vector << size;
      ASSERT_EQ(step.need, size < AmqpFrames::header_size ? AmqpFrames::header_size : bytes.size());
    }
    EXPECT_EQ(decode(bytes).consumed, bytes.size()) << vector;
  }
}

TEST(AmqpFrames, are_refused_for_their_length_alone) {
  const AmqpFrameStep largest = decode(from_hex("03 0001 00000ff8"));
  EXPECT_EQ(largest.outcome, Outcome::need);
  EXPECT_EQ(largest.need, 4096U);
  const AmqpFrameStep step = decode(from_hex("03 0001 00000ff9"));
  ASSERT_EQ(step.outcome, Outcome::error);
  EXPECT_EQ(step.code, error::message_too_large);
  EXPECT_EQ(step.announced_size, 4097U);
  EXPECT_EQ(decode(from_hex("03 0001 ffffffff")).announced_size, 0xffffffffULL + 8);
}

TEST(AmqpFrames, end_where_they_said) {
  EXPECT_EQ(decode(from_hex("08 0000 00000000 cf")).code, error::malformed);
  EXPECT_EQ(decode(from_hex("03 0001 00000001 ce 00")).code, error::malformed);
}

TEST(AmqpFrames, are_of_known_kinds) {
  EXPECT_EQ(decode("HTTP/1.1 400").code, error::malformed);
  EXPECT_EQ(decode(from_hex("04 0000 00000000 ce")).code, error::malformed);
  EXPECT_EQ(decode(from_hex("00 0000 00000000 ce")).code, error::malformed);
}

}  // namespace
}  // namespace parley::test::amqp_frame_tests
