#include <parley/wire/fixed_length.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

TEST(FixedLengthDecoder, needs_a_whole_message) {
  const FixedLengthDecoder decoder{{.size = 8}, 64};
  EXPECT_EQ(decoder.decode({}, false).need, 8u);
  EXPECT_EQ(decoder.decode(test::bytes_of("abc"), false).need, 8u);
  EXPECT_EQ(decoder.decode(test::bytes_of("abcdefghi"), false).consumed, 8u);
}

TEST(FixedLengthDecoder, keeps_the_padding_unless_told_to_strip_it) {
  EXPECT_EQ(test::decode_whole(FixedLength{.size = 4}, 64, "ab  ").messages.at(0), "ab  ");
  EXPECT_EQ(test::decode_whole(FixedLength{.size = 4, .strip = true}, 64, "ab  ").messages.at(0), "ab");
}

TEST(FixedLengthDecoder, strips_only_trailing_pad_bytes) {
  EXPECT_EQ(test::decode_whole(FixedLength{.size = 4, .strip = true}, 64, " a b").messages.at(0), " a b");
  EXPECT_EQ(test::decode_whole(FixedLength{.size = 4, .pad = '.', .strip = true}, 64, "a ..").messages.at(0), "a ");
}

TEST(FixedLengthEncoder, pads_behind) {
  FixedLengthEncoder encoder{{.size = 4, .pad = '.'}, 4};
  EXPECT_EQ(test::encode_text(encoder, "ab"), "ab..");
  EXPECT_EQ(test::encode_text(encoder, "abcd"), "abcd");
  EXPECT_EQ(test::encode_text(encoder, ""), "....");
}

TEST(FixedLengthEncoder, pads_with_bytes_above_127) {
  FixedLengthEncoder encoder{{.size = 2, .pad = '\xff'}, 4};
  EXPECT_EQ(test::encode_text(encoder, "a"), "a\xff");
  EXPECT_EQ(test::decode_whole(FixedLength{.size = 2, .pad = '\xff', .strip = true}, 64, "a\xff").messages.at(0), "a");
}

TEST(FixedLengthEncoder, refuses_what_is_longer) {
  FixedLengthEncoder encoder{{.size = 4}, 64};
  Envelope envelope;
  EXPECT_EQ(encoder.encode(test::bytes_of("abcde"), envelope), error::unframeable);
}

}  // namespace
}  // namespace parley::wire
