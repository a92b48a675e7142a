// The golden bytes through the decoders, cut in every way, and through the encoders.
#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <parley/wire/any_encoder.hpp>
#include <parley/wire/framing_text.hpp>

#include <gtest/gtest.h>

namespace parley::test {
namespace {

class FramingVectors : public testing::TestWithParam<FramingVector> {};

Decoded without_frame_ends(Decoded decoded) {
  decoded.frame_ends.clear();
  return decoded;
}

TEST_P(FramingVectors, decode_whole_and_cut_anywhere) {
  const FramingVector& vector = GetParam();
  const Framing framing = parse_framing(vector.framing);
  const std::string stream = from_hex(vector.wire);
  Decoded expected{.messages = vector.messages, .ending = Decoded::Ending::end};
  if (vector.code != error{}) {
    expected.ending = Decoded::Ending::error;
    expected.code = vector.code;
    expected.error_offset = vector.error_offset;
    expected.error_size = vector.error_size;
  }
  const Decoded whole = decode_whole(framing, vector.message_size_max, stream);
  EXPECT_EQ(without_frame_ends(whole), expected);
  for_each_cut(framing, vector.message_size_max, stream,
               [&](const Decoded& cut, const std::string& how) { EXPECT_EQ(cut, whole) << how; });
}

TEST_P(FramingVectors, encode) {
  const FramingVector& vector = GetParam();
  if (!vector.sent_alike || vector.code != error{}) return;
  wire::AnyEncoder encoder = wire::make_encoder(parse_framing(vector.framing), vector.message_size_max);
  std::string stream;
  for (const std::string& message : vector.messages) stream += encode_text(encoder, message);
  EXPECT_EQ(stream, from_hex(vector.wire));
}

INSTANTIATE_TEST_SUITE_P(All, FramingVectors, testing::ValuesIn(framing_vectors()),
                         [](const auto& vector) { return std::string{vector.param.name}; });

}  // namespace
}  // namespace parley::test
