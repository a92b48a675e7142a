// The example of a custom framing, and with it the interface for custom framings.
#include "examples/2_recipes/start_end_checksum.hpp"

#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <parley/wire/any_encoder.hpp>

#include <gtest/gtest.h>

namespace parley::test {
namespace {

Framing start_end_checksum() { return std::make_shared<StartEndChecksum>(); }

Decoded decode_hex(const char* hex, std::size_t message_size_max = 64) {
  const std::string stream = from_hex(hex);
  const Decoded whole = decode_whole(start_end_checksum(), message_size_max, stream);
  for_each_cut(start_end_checksum(), message_size_max, stream,
               [&](const Decoded& cut, const std::string& how) { EXPECT_EQ(cut, whole) << how; });
  return whole;
}

TEST(StartEndChecksum, puts_marks_and_check_byte_around_the_body) {
  auto encoder = wire::make_encoder(start_end_checksum(), 64);
  EXPECT_EQ(encode_text(encoder, "abc"), from_hex("02 616263 03 63"));
  EXPECT_EQ(encode_text(encoder, ""), from_hex("02 03 03"));
}

TEST(StartEndChecksum, reads_frame_after_frame) {
  const Decoded decoded = decode_hex("02 616263 03 63 02 03 03 02 64 03 67");
  EXPECT_EQ(decoded.messages, (std::vector<std::string>{"abc", "", "d"}));
  EXPECT_EQ(decoded.ending, Decoded::Ending::end);
}

TEST(StartEndChecksum, reads_a_check_byte_that_looks_like_a_mark) {
  EXPECT_EQ(decode_hex("02 01 03 02 02 01 03 02").messages, (std::vector<std::string>{"\x01", "\x01"}));
}

TEST(StartEndChecksum, refuses_a_wrong_check_byte_where_it_stands) {
  const Decoded decoded = decode_hex("02 64 03 67 02 616263 03 64");
  EXPECT_EQ(decoded.messages, std::vector<std::string>{"d"});
  EXPECT_EQ(decoded.code, error::malformed);
  EXPECT_EQ(decoded.error_offset, 9u);
}

TEST(StartEndChecksum, refuses_a_frame_that_does_not_begin_with_stx) {
  const Decoded decoded = decode_hex("02 64 03 67 61");
  EXPECT_EQ(decoded.code, error::malformed);
  EXPECT_EQ(decoded.error_offset, 4u);
}

TEST(StartEndChecksum, refuses_stx_inside_a_body) {
  const Decoded decoded = decode_hex("02 61 02");
  EXPECT_EQ(decoded.code, error::malformed);
  EXPECT_EQ(decoded.error_offset, 2u);
}

TEST(StartEndChecksum, reports_an_end_inside_a_frame) {
  for (const char* const hex : {"02", "02 61", "02 6162 03", "02 03"}) {
    const Decoded decoded = decode_hex(hex);
    EXPECT_EQ(decoded.code, error::truncated) << hex;
    EXPECT_EQ(decoded.error_offset, from_hex(hex).size()) << hex;
  }
}

TEST(StartEndChecksum, holds_the_limit_on_messages) {
  EXPECT_EQ(decode_hex("02 6162 03 00", 2).messages, std::vector<std::string>{"ab"});
  const Decoded decoded = decode_hex("02 616263", 2);
  EXPECT_EQ(decoded.code, error::message_too_large);
  EXPECT_EQ(decoded.error_offset, 0u);
  EXPECT_EQ(decoded.error_size, 3u);

  auto encoder = wire::make_encoder(start_end_checksum(), 2);
  wire::Envelope envelope;
  EXPECT_EQ(encoder.encode(std::as_bytes(std::span{"abc", 3}), envelope), error::message_too_large);
}

TEST(StartEndChecksum, refuses_to_send_its_marks) {
  auto encoder = wire::make_encoder(start_end_checksum(), 64);
  wire::Envelope envelope;
  for (const std::string_view body : {"a\x02", "\x03z"})
    EXPECT_EQ(encoder.encode(std::as_bytes(std::span{body}), envelope), error::unframeable);
}

}  // namespace
}  // namespace parley::test
