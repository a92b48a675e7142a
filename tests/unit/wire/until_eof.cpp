#include <parley/wire/until_eof.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

TEST(UntilEofDecoder, gives_one_message_and_then_the_end) {
  const UntilEofDecoder decoder{UntilEof{}, 64};
  EXPECT_EQ(decoder.decode(test::bytes_of("hello"), false).need, 6u);
  const DecodeStep step = decoder.decode(test::bytes_of("hello"), true);
  EXPECT_EQ(step.kind, DecodeStep::Kind::frame);
  EXPECT_EQ(step.consumed, 5u);
  EXPECT_EQ(decoder.decode({}, true).kind, DecodeStep::Kind::end);
}

TEST(UntilEofDecoder, takes_an_end_at_once_for_a_clean_end) {
  EXPECT_EQ((UntilEofDecoder{UntilEof{}, 64}.decode({}, true).kind), DecodeStep::Kind::end);
}

TEST(UntilEofDecoder, refuses_a_message_with_the_first_byte_over_the_limit) {
  const UntilEofDecoder decoder{UntilEof{}, 3};
  EXPECT_EQ(decoder.decode(test::bytes_of("abc"), false).kind, DecodeStep::Kind::need);
  EXPECT_EQ(decoder.decode(test::bytes_of("abcd"), false).code, error::message_too_large);
}

TEST(UntilEofEncoder, ends_the_stream_behind_its_one_message) {
  UntilEofEncoder encoder{UntilEof{}, 64};
  Envelope envelope;
  EXPECT_FALSE(encoder.encode(test::bytes_of("hello"), envelope));
  EXPECT_TRUE(envelope.ends_stream);
  EXPECT_TRUE(envelope.header.empty());
  EXPECT_TRUE(envelope.trailer.empty());
  EXPECT_EQ(encoder.encode(test::bytes_of("again"), envelope), error::send_ended);
}

TEST(UntilEofEncoder, may_still_send_after_a_refusal) {
  UntilEofEncoder encoder{UntilEof{}, 3};
  Envelope envelope;
  EXPECT_EQ(encoder.encode(test::bytes_of("abcd"), envelope), error::message_too_large);
  EXPECT_EQ(encoder.encode({}, envelope), error::unframeable);
  EXPECT_FALSE(encoder.encode(test::bytes_of("abc"), envelope));
}

}  // namespace
}  // namespace parley::wire
