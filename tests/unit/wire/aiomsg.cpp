#include "support/bytes_of.hpp"
#include "support/fronts.hpp"
#include "vectors/aiomsg.hpp"

#include <parley/wire/dialect.hpp>

#include <gtest/gtest.h>

#include <string>

namespace parley::test {
namespace {

using wire::PeerFrameKind;
using wire::PeerFrameStep;
using Outcome = PeerFrameStep::Outcome;

std::string part(const std::string& stream, std::size_t begin, std::size_t size) { return stream.substr(begin, size); }

class AiomsgVectors : public ::testing::TestWithParam<AiomsgVector> {
 protected:
  const AiomsgVector& vector = GetParam();
  const std::string stream = from_hex(vector.wire);
  const wire::AnyDialect dialect{vector.dialect, aiomsg_message_size_max};

  [[nodiscard]] PeerFrameStep decode(const std::string& bytes) const {
    return dialect.decode(bytes_of(bytes), vector.greeted);
  }
};

TEST_P(AiomsgVectors, decode) {
  const PeerFrameStep step = decode(stream);
  if (vector.code != error{}) {
    ASSERT_EQ(step.outcome, Outcome::error);
    EXPECT_EQ(step.code, vector.code);
    EXPECT_STRNE(step.why, "");
    return;
  }
  ASSERT_EQ(step.outcome, Outcome::frame);
  EXPECT_EQ(step.kind, vector.kind);
  EXPECT_EQ(step.consumed, stream.size());
  EXPECT_EQ(part(stream, step.begin, step.size), from_hex(vector.payload));
  const std::string id = from_hex(vector.id);
  if (!id.empty()) {
    EXPECT_EQ(part(stream, step.id_at, id.size()), id);
  }
}

TEST_P(AiomsgVectors, ask_for_more_bytes_than_there_are_until_the_frame_is_whole) {
  expect_more_is_wanted_until_whole(stream, vector.code, [this](const std::string& front) { return decode(front); });
}

TEST_P(AiomsgVectors, are_decoded_alike_whatever_follows) {
  const PeerFrameStep alone = decode(stream);
  const PeerFrameStep followed = decode(stream + std::string(40, '\3'));
  EXPECT_EQ(followed.outcome, alone.outcome);
  EXPECT_EQ(followed.kind, alone.kind);
  EXPECT_EQ(followed.consumed, alone.consumed);
}

TEST_P(AiomsgVectors, are_told_by_a_short_look_if_they_are_plain_messages_and_whole) {
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    const std::string front = stream.substr(0, size);
    const std::size_t told = dialect.data_size(bytes_of(front));
    if (told == wire::AnyDialect::npos) {
      EXPECT_TRUE(size < stream.size() || vector.kind != PeerFrameKind::data || vector.code != error{} ||
                  vector.dialect == Dialect::aiomsg_legacy);
      continue;
    }
    const PeerFrameStep step = dialect.decode(bytes_of(front), true);
    EXPECT_EQ(step.kind, PeerFrameKind::data);
    EXPECT_EQ(step.begin, dialect.data_header_size());
    EXPECT_EQ(step.size, told);
  }
}

TEST_P(AiomsgVectors, encode) {
  if (!vector.sent_alike || vector.code != error{}) return;
  std::byte out[wire::AnyDialect::header_size_max];
  std::size_t size = 0;
  const std::string payload = from_hex(vector.payload);
  if (vector.kind == PeerFrameKind::hello) {
    Identity::Bytes identity;
    std::memcpy(identity.data(), payload.data(), identity.size());
    size = dialect.put_hello(out, Identity{identity});
  } else {
    wire::MessageId id{};
    std::memcpy(id.data(), from_hex(vector.id).data(), from_hex(vector.id).size());
    size = dialect.put_header(out, vector.kind, payload.size(), id);
  }
  const std::string header{reinterpret_cast<const char*>(out), size};
  EXPECT_EQ(vector.kind == PeerFrameKind::hello ? header : header + payload, stream);
}

INSTANTIATE_TEST_SUITE_P(All, AiomsgVectors, ::testing::ValuesIn(aiomsg_vectors()),
                         [](const auto& vector) { return std::string{vector.param.name}; });

TEST(AiomsgLegacy, refuses_to_carry_what_would_be_mistaken_for_something_else) {
  const std::string id(16, 'i');
  const wire::AnyDialect dialect{Dialect::aiomsg_legacy, 64};
  EXPECT_FALSE(dialect.can_carry(bytes_of("")));
  EXPECT_FALSE(dialect.can_carry(bytes_of("aiomsg-heartbeat")));
  EXPECT_FALSE(dialect.can_carry(bytes_of(id + std::string{"\0REQ\0", 5})));
  EXPECT_FALSE(dialect.can_carry(bytes_of(id + std::string{"\0REP\0and more", 13})));
  EXPECT_TRUE(dialect.can_carry(bytes_of("aiomsg-heartbeat.")));
  EXPECT_TRUE(dialect.can_carry(bytes_of(id + std::string{"\0REQ", 4})));
}

TEST(AiomsgLegacy, knows_a_peer_by_sixteen_bytes_whatever_the_length_of_its_identity) {
  EXPECT_EQ(wire::legacy_identity(bytes_of("0123456789abcdef")).to_string(), "30313233343536373839616263646566");
  EXPECT_EQ(wire::legacy_identity(bytes_of("abc")).to_string(), "a9993e364706816aba3e25717850c26c");
}

TEST(Aiomsg, carries_anything) {
  const wire::AnyDialect dialect{Dialect::aiomsg, 64};
  EXPECT_TRUE(dialect.can_carry(bytes_of("")));
  EXPECT_TRUE(dialect.can_carry(bytes_of("aiomsg-heartbeat")));
}

}  // namespace
}  // namespace parley::test
