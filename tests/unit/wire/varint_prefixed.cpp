#include <parley/wire/varint_prefixed.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace parley::wire {
namespace {

TEST(VarintPrefixedDecoder, needs_one_byte_of_length_at_a_time_and_then_the_frame) {
  const VarintPrefixedDecoder decoder{VarintPrefixed{}, 1000};
  const std::string wire = test::from_hex("f403");
  EXPECT_EQ(decoder.decode({}, false).need, 1u);
  EXPECT_EQ(decoder.decode(test::bytes_of(wire).first(1), false).need, 2u);
  EXPECT_EQ(decoder.decode(test::bytes_of(wire), false).need, 502u);
}

TEST(VarintPrefixedDecoder, cannot_be_made_to_overflow_even_without_a_limit) {
  const VarintPrefixedDecoder decoder{VarintPrefixed{}, std::numeric_limits<std::size_t>::max()};
  EXPECT_EQ(decoder.decode(test::bytes_of(test::from_hex("f8ffffffffffffffff01")), false).code,
            error::message_too_large);
  const DecodeStep step = decoder.decode(test::bytes_of(test::from_hex("ffffffffffffffff3f")), false);
  EXPECT_EQ(step.kind, DecodeStep::Kind::need);
  EXPECT_GT(step.need, 9u);
}

TEST(VarintPrefixedDecoder, is_malformed_at_the_tenth_byte_and_not_before) {
  const VarintPrefixedDecoder decoder{VarintPrefixed{}, 64};
  const std::string wire = test::from_hex("ffffffffffffffffff80");
  EXPECT_EQ(decoder.decode(test::bytes_of(wire).first(9), false).kind, DecodeStep::Kind::need);
  const DecodeStep step = decoder.decode(test::bytes_of(wire), false);
  EXPECT_EQ(step.code, error::malformed);
  EXPECT_EQ(step.offset, 9u);
}

TEST(VarintPrefixedEncoder, writes_the_shortest_length) {
  VarintPrefixedEncoder encoder{VarintPrefixed{}, 1 << 20};
  for (const auto& [body_size, header] :
       {std::pair{0, "00"}, std::pair{1, "01"}, std::pair{127, "7f"}, std::pair{128, "8001"}, std::pair{300, "ac02"},
        std::pair{16383, "ff7f"}, std::pair{16384, "808001"}}) {
    const std::string body(static_cast<std::size_t>(body_size), 'x');
    EXPECT_EQ(test::encode_text(encoder, body), test::from_hex(header) + body);
  }
}

TEST(VarintPrefixedEncoder, refuses_a_body_over_the_limit) {
  VarintPrefixedEncoder encoder{VarintPrefixed{}, 3};
  Envelope envelope;
  EXPECT_EQ(encoder.encode(test::bytes_of("abcd"), envelope), error::message_too_large);
}

}  // namespace
}  // namespace parley::wire
