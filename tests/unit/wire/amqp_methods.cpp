#include <parley/wire/amqp_methods.hpp>

#include "support/bytes_of.hpp"
#include "vectors/amqp.hpp"
#include "vectors/communica.hpp"

#include <parley/wire/amqp_frame.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace parley::test::amqp_methods_tests {
namespace {

using namespace wire;

std::string encoded(std::uint16_t channel, const AmqpMethod& method) {
  std::vector<std::byte> out;
  put_amqp_method(out, channel, method);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::string payload_of(const std::string& frame) {
  const AmqpFrameStep step = AmqpFrames{4096}.decode(bytes_of(frame));
  EXPECT_EQ(step.kind, AmqpFrameKind::method);
  return frame.substr(step.payload_begin, step.payload_size);
}

AmqpMethodRead read(const std::string& payload) { return read_amqp_method(bytes_of(payload)); }

class AmqpVectors : public ::testing::TestWithParam<AmqpVector> {
 protected:
  const AmqpVector& vector = GetParam();
  const std::string frame = from_hex(vector.wire);
  const std::uint16_t channel = AmqpFrames{4096}.decode(bytes_of(frame)).channel;
};

TEST_P(AmqpVectors, encode) { EXPECT_EQ(hex_of(encoded(channel, vector.method)), hex_of(frame)); }

TEST_P(AmqpVectors, decode_to_what_encodes_to_the_same) {
  const std::string payload = payload_of(frame);
  const AmqpMethodRead result = read(payload);
  ASSERT_EQ(result.method.index(), vector.method.index()) << result.why;
  EXPECT_EQ(result.id, id_of(vector.method));
  EXPECT_EQ(hex_of(encoded(channel, result.method)), hex_of(frame));
}

TEST_P(AmqpVectors, are_refused_when_they_end_too_early_or_too_late) {
  const std::string payload = payload_of(frame);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const AmqpMethodRead cut = read(payload.substr(0, size));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(cut.method)) << size;
    EXPECT_STRNE(cut.why, "");
  }
  EXPECT_TRUE(std::holds_alternative<std::monostate>(read(payload + '\0').method));
}

INSTANTIATE_TEST_SUITE_P(Amqp, AmqpVectors, ::testing::ValuesIn(amqp_vectors()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(AmqpMethods, are_all_in_the_vectors_but_the_two_that_have_tables) {
  std::vector<bool> seen(std::variant_size_v<AmqpMethod>);
  for (const AmqpVector& vector : amqp_vectors()) seen[vector.method.index()] = true;
  seen[AmqpMethod{amqp::ConnectionStart{}}.index()] = true;
  seen[AmqpMethod{amqp::ConnectionStartOk{}}.index()] = true;
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << i;
}

TEST(AmqpMethods, have_the_names_of_the_specification) {
  EXPECT_STREQ(id_of(amqp::BasicDeliver{}).name, "basic.deliver");
  EXPECT_STREQ(id_of(AmqpMethod{}).name, "");
}

TEST(AmqpMethods, tell_how_a_broker_begins) {
  const std::string payload = payload_of(from_hex(amqp_start));
  const AmqpMethodRead result = read(payload);
  const auto* const start = std::get_if<amqp::ConnectionStart>(&result.method);
  ASSERT_NE(start, nullptr) << result.why;
  EXPECT_EQ(start->version_major, 0);
  EXPECT_EQ(start->version_minor, 9);
  EXPECT_EQ(start->mechanisms.text, "PLAIN AMQPLAIN");
  EXPECT_EQ(start->locales.text, "en_US");
  EXPECT_EQ(AmqpTableReader::find(start->server_properties, "version")->text(), "3.10.8");
  const auto capabilities = AmqpTableReader::find(start->server_properties, "capabilities");
  ASSERT_TRUE(capabilities);
  EXPECT_TRUE(AmqpTableReader::find(capabilities->table(), "publisher_confirms")->is_true());
  EXPECT_EQ(hex_of(encoded(0, result.method)), hex_of(from_hex(amqp_start)));
}

TEST(AmqpMethods, tell_how_a_client_logs_in) {
  const std::string payload = payload_of(from_hex(amqp_start_ok));
  const AmqpMethodRead result = read(payload);
  const auto* const start_ok = std::get_if<amqp::ConnectionStartOk>(&result.method);
  ASSERT_NE(start_ok, nullptr) << result.why;
  EXPECT_EQ(start_ok->mechanism, "PLAIN");
  EXPECT_EQ(start_ok->response.text, (std::string_view{"\0guest\0guest", 12}));
  EXPECT_EQ(start_ok->locale, "en_US");
}

TEST(AmqpMethods, that_are_unknown_tell_their_numbers) {
  const AmqpMethodRead result = read(from_hex("005a000a"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(result.method));
  EXPECT_EQ(result.id.class_id, 90);
  EXPECT_EQ(result.id.method_id, 10);
  EXPECT_STREQ(result.id.name, "");
  EXPECT_STREQ(result.why, "sent a method that is not known here");
}

TEST(AmqpMethods, with_texts_that_are_too_long_leave_no_trace) {
  std::vector<std::byte> out(3);
  const std::string name(256, 'a');
  EXPECT_THROW(put_amqp_method(out, 1, amqp::QueuePurge{.queue = name}), std::invalid_argument);
  EXPECT_EQ(out.size(), 3U);
}

}  // namespace
}  // namespace parley::test::amqp_methods_tests
