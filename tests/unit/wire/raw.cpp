#include <parley/wire/raw.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

TEST(RawDecoder, takes_every_read_for_a_message) {
  test::ChunkedDecode decode{Raw{}, 64};
  decode.feed("abc");
  decode.feed("d");
  EXPECT_EQ(decode.finish("ef").messages, (std::vector<std::string>{"abc", "d", "ef"}));
  EXPECT_EQ(decode.result().ending, test::Decoded::Ending::end);
}

TEST(RawDecoder, divides_what_exceeds_the_limit) {
  EXPECT_EQ(test::decode_whole(Raw{}, 4, "abcdefghij").messages, (std::vector<std::string>{"abcd", "efgh", "ij"}));
}

TEST(RawDecoder, needs_one_byte) { EXPECT_EQ((RawDecoder{Raw{}, 4}.decode({}, false).need), 1u); }

TEST(RawEncoder, adds_nothing) {
  RawEncoder encoder{Raw{}, 64};
  EXPECT_EQ(test::encode_text(encoder, "abc"), "abc");
}

TEST(RawEncoder, refuses_what_would_leave_no_trace_and_what_is_too_large) {
  RawEncoder encoder{Raw{}, 3};
  Envelope envelope;
  EXPECT_EQ(encoder.encode({}, envelope), error::unframeable);
  EXPECT_EQ(encoder.encode(test::bytes_of("abcd"), envelope), error::message_too_large);
}

}  // namespace
}  // namespace parley::wire
