#include <parley/wire/communica_frame.hpp>

#include "support/bytes_of.hpp"
#include "support/fronts.hpp"
#include "vectors/communica.hpp"

#include <parley/wire/communica_assembly.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace parley::test::communica_frame_tests {
namespace {

using wire::CommunicaAssembly;
using wire::CommunicaCode;
using wire::CommunicaFrames;
using wire::CommunicaStep;
using Outcome = CommunicaStep::Outcome;

CommunicaStep decode(const std::string& bytes) { return CommunicaFrames{communica_limits}.decode(bytes_of(bytes)); }

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The frame that says what the vector's says.
std::string encoded(const CommunicaVector& vector) {
  std::array<std::byte, CommunicaFrames::chunk_header_size> header{};
  std::size_t size = 0;
  switch (vector.frame) {
    case CommunicaCode::message:
      size = CommunicaFrames::put_message_header(header.data(), vector.metadata.size(), vector.data.size());
      break;
    case CommunicaCode::chunk:
      size = CommunicaFrames::put_chunk_header(header.data(), vector.chunk_index, vector.chunk_count,
                                               vector.metadata.size(), vector.data.size());
      break;
    case CommunicaCode::close_notice: size = CommunicaFrames::put_close_notice(header.data()); break;
  }
  return std::string{reinterpret_cast<const char*>(header.data()), size} + vector.metadata + vector.data;
}

class CommunicaVectors : public ::testing::TestWithParam<CommunicaVector> {
 protected:
  const CommunicaVector& vector = GetParam();
  const std::string stream = from_hex(vector.wire);
};

TEST_P(CommunicaVectors, decode) {
  const CommunicaStep step = decode(stream);
  if (vector.code != error{}) {
    ASSERT_EQ(step.outcome, Outcome::error);
    EXPECT_EQ(step.code, vector.code);
    EXPECT_STRNE(step.why, "");
    return;
  }
  ASSERT_EQ(step.outcome, Outcome::frame);
  EXPECT_EQ(step.frame, vector.frame);
  EXPECT_EQ(step.consumed, stream.size());
  if (vector.frame == CommunicaCode::close_notice) return;
  EXPECT_EQ(stream.substr(step.metadata_begin, step.metadata_size), vector.metadata);
  EXPECT_EQ(stream.substr(step.data_begin), vector.data);
  EXPECT_EQ(step.chunk_index, vector.chunk_index);
  EXPECT_EQ(step.chunk_count, vector.chunk_count);
}

TEST_P(CommunicaVectors, are_decoded_alike_whatever_follows) {
  const CommunicaStep alone = decode(stream);
  const CommunicaStep followed = decode(stream + std::string(300, '\x0a'));
  EXPECT_EQ(followed.outcome, alone.outcome);
  EXPECT_EQ(followed.consumed, alone.consumed);
  EXPECT_EQ(followed.data_begin, alone.data_begin);
}

TEST_P(CommunicaVectors, ask_for_more_bytes_than_there_are_until_the_frame_is_whole) {
  expect_more_is_wanted_until_whole(stream, vector.code, decode);
}

TEST_P(CommunicaVectors, encode) {
  if (vector.code == error{}) {
    EXPECT_EQ(encoded(vector), stream);
  }
}

INSTANTIATE_TEST_SUITE_P(Communica, CommunicaVectors, ::testing::ValuesIn(communica_vectors()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(CommunicaFrames, tell_how_large_a_message_is_that_is_too_large) {
  const CommunicaStep step = decode(from_hex("ffffffff 0a 00000004"));
  EXPECT_EQ(step.code, error::message_too_large);
  EXPECT_EQ(step.announced_size, 0xffffffffU - 5);
}

/// What comes of chunks, one after the other: the reason why not, or the message.
std::string assembled(CommunicaAssembly& assembly, const std::vector<std::string>& chunks) {
  for (const std::string& chunk : chunks) {
    const std::string bytes = from_hex(chunk);
    const CommunicaStep step = decode(bytes);
    if (step.outcome != Outcome::frame) return std::string{"not decoded: "} + step.why;
    const CommunicaAssembly::Result result = assembly.add(step, bytes_of(bytes));
    if (result.code != error{}) return result.why;
    if (result.is_complete) return assembly.metadata() + '|' + text_of(assembly.data());
  }
  return "incomplete";
}

std::string assembled(const std::vector<std::string>& chunks) {
  CommunicaAssembly assembly{communica_limits};
  return assembled(assembly, chunks);
}

const std::string first = "0000000f 0b 00000000 00000002 00000001 7d 61";
const std::string second = "0000000e 0b 00000001 00000002 00000000 62";

TEST(CommunicaAssembly, joins_the_chunks_of_a_message) { EXPECT_EQ(assembled({first, second}), "}|ab"); }

TEST(CommunicaAssembly, takes_one_message_after_the_other) {
  CommunicaAssembly assembly{communica_limits};
  EXPECT_EQ(assembled(assembly, {first, second}), "}|ab");
  EXPECT_FALSE(assembly.is_open());
  EXPECT_EQ(assembled(assembly, {"0000000e 0b 00000000 00000001 00000001 7d"}), "}|");
  EXPECT_EQ(assembled(assembly, {first}), "incomplete");
  EXPECT_TRUE(assembly.is_open());
  EXPECT_EQ(assembled(assembly, {second}), "}|ab");
}

TEST(CommunicaAssembly, refuses_what_is_no_message_in_order) {
  EXPECT_EQ(assembled({second}), "sent a chunk of a message that it has not begun");
  EXPECT_EQ(assembled({first, first}), "sent chunks out of order");
  EXPECT_EQ(assembled({first, "0000000e 0b 00000001 00000003 00000000 62"}),
            "sent chunks that disagree about how many they are");
}

TEST(CommunicaAssembly, bounds_what_all_chunks_hold) {
  const std::string hundred = "00000071 0b 00000000 00000003 00000000" + hex_of(std::string(100, 'a'));
  const std::string another = "00000071 0b 00000001 00000003 00000000" + hex_of(std::string(100, 'b'));
  EXPECT_EQ(assembled({hundred, another}), "incomplete") << "just the limit";
  EXPECT_EQ(assembled({hundred, another, "0000000e 0b 00000002 00000003 00000000 63"}), "sent a message");
}

}  // namespace
}  // namespace parley::test::communica_frame_tests
