// What the vectors do not cover: exact needs, limits and arithmetic at the edges.
#include <parley/wire/length_prefixed.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace parley::wire {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

TEST(LengthPrefixedDecoder, needs_the_header_and_then_exactly_the_frame) {
  const LengthPrefixedDecoder decoder{LengthPrefixed{}, 1000};
  const std::string wire = test::from_hex("000001f4 61");
  for (std::size_t size = 0; size < 4; ++size)
    EXPECT_EQ(decoder.decode(test::bytes_of(wire).first(size), false).need, 4u) << size;
  EXPECT_EQ(decoder.decode(test::bytes_of(wire).first(4), false).need, 504u);
  EXPECT_EQ(decoder.decode(test::bytes_of(wire), false).need, 504u);
}

TEST(LengthPrefixedDecoder, refuses_a_length_before_any_of_its_body) {
  const LengthPrefixedDecoder decoder{LengthPrefixed{}, 1000};
  const DecodeStep step = decoder.decode(test::bytes_of(test::from_hex("000003e9")), false);
  EXPECT_EQ(step.kind, DecodeStep::Kind::error);
  EXPECT_EQ(step.code, error::message_too_large);
  EXPECT_EQ(step.size, 1001u);
  EXPECT_EQ(step.offset, 0u);
}

TEST(LengthPrefixedDecoder, tells_an_end_at_every_byte_from_a_clean_one) {
  const std::string wire = test::from_hex("00000003 616263");
  EXPECT_EQ(test::decode_whole(Framing{}, 64, "").ending, test::Decoded::Ending::end);
  for (std::size_t size = 1; size < wire.size(); ++size) {
    const test::Decoded decoded = test::decode_whole(Framing{}, 64, std::string_view{wire}.substr(0, size));
    EXPECT_EQ(decoded.code, error::truncated) << size;
    EXPECT_EQ(decoded.error_offset, size);
  }
}

TEST(LengthPrefixedDecoder, names_a_length_over_the_limit_even_at_the_end) {
  EXPECT_EQ(test::decode_whole(Framing{}, 2, test::from_hex("00000003")).code, error::message_too_large);
}

TEST(LengthPrefixedDecoder, cannot_be_made_to_overflow_even_without_a_limit) {
  for (const std::int64_t offset :
       {std::int64_t{0}, std::int64_t{8}, std::int64_t{-8}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    const LengthPrefixedDecoder decoder{{.width = 8, .offset = offset}, no_limit};
    for (std::uint64_t length = std::numeric_limits<std::uint64_t>::max(); length > 0; length >>= 1) {
      std::array<std::byte, 8> wire;
      store_big(wire.data(), length);
      const DecodeStep step = decoder.decode(wire, false);
      if (step.kind != DecodeStep::Kind::need) continue;
      EXPECT_GT(step.need, wire.size());
    }
  }
}

TEST(LengthPrefixedDecoder, reads_the_largest_offset_there_is) {
  constexpr std::int64_t offset = std::numeric_limits<std::int64_t>::max();
  const LengthPrefixedDecoder decoder{{.width = 8, .offset = offset}, 64};
  EXPECT_EQ(decoder.decode(test::bytes_of(test::from_hex("7fffffffffffffff")), false).consumed, 8u);
  EXPECT_EQ(decoder.decode(test::bytes_of(test::from_hex("7ffffffffffffffe")), false).code, error::malformed);
  EXPECT_EQ(decoder.decode(test::bytes_of(test::from_hex("800000000000003f")), false).need, 72u);
  EXPECT_EQ(decoder.decode(test::bytes_of(test::from_hex("8000000000000040")), false).code, error::message_too_large);
}

TEST(LengthPrefixedEncoder, refuses_a_body_over_the_limit) {
  LengthPrefixedEncoder encoder{LengthPrefixed{}, 3};
  Envelope envelope;
  EXPECT_EQ(encoder.encode(test::bytes_of("abc"), envelope), boost::system::error_code{});
  EXPECT_EQ(encoder.encode(test::bytes_of("abcd"), envelope), error::message_too_large);
}

TEST(LengthPrefixedEncoder, refuses_a_body_that_the_width_cannot_say) {
  LengthPrefixedEncoder encoder{{.width = 1}, no_limit};
  Envelope envelope;
  EXPECT_FALSE(encoder.encode(test::bytes_of(std::string(255, 'x')), envelope));
  EXPECT_EQ(encoder.encode(test::bytes_of(std::string(256, 'x')), envelope), error::message_too_large);
}

TEST(LengthPrefixedEncoder, counts_the_offset_into_what_the_width_can_say) {
  Envelope envelope;
  LengthPrefixedEncoder counts_more{{.width = 1, .offset = 1}, no_limit};
  EXPECT_FALSE(counts_more.encode(test::bytes_of(std::string(254, 'x')), envelope));
  EXPECT_EQ(counts_more.encode(test::bytes_of(std::string(255, 'x')), envelope), error::message_too_large);

  LengthPrefixedEncoder counts_less{{.width = 1, .offset = -2}, no_limit};
  EXPECT_FALSE(counts_less.encode(test::bytes_of(std::string(257, 'x')), envelope));
  EXPECT_EQ(counts_less.encode(test::bytes_of(std::string(258, 'x')), envelope), error::message_too_large);
}

TEST(LengthPrefixedEncoder, refuses_a_body_whose_length_would_be_negative) {
  LengthPrefixedEncoder encoder{{.width = 2, .offset = -2}, 64};
  Envelope envelope;
  EXPECT_EQ(encoder.encode(test::bytes_of("x"), envelope), error::unframeable);
  EXPECT_EQ(test::encode_text(encoder, "xy"), test::from_hex("0000 7879"));
}

TEST(LengthPrefixedEncoder, leaves_nothing_of_the_message_before) {
  Envelope envelope;
  envelope.trailer = test::bytes_of("left over");
  envelope.pad_size = 9;
  envelope.ends_stream = true;
  EXPECT_FALSE((LengthPrefixedEncoder{LengthPrefixed{}, 64}.encode(test::bytes_of("x"), envelope)));
  EXPECT_TRUE(envelope.trailer.empty());
  EXPECT_EQ(envelope.pad_size, 0u);
  EXPECT_FALSE(envelope.ends_stream);
}

}  // namespace
}  // namespace parley::wire
