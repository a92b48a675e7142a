#include <parley/wire/amqp_content.hpp>

#include "support/bytes_of.hpp"
#include "vectors/amqp.hpp"
#include "vectors/communica.hpp"

#include <parley/wire/amqp_frame.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace parley::test::amqp_content_tests {
namespace {

using namespace wire;

std::string encoded(const AmqpContentHeader& header) {
  std::vector<std::byte> out;
  put_amqp_content_header(out, 1, header);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::string payload_of(const std::string& frame) {
  const AmqpFrameStep step = AmqpFrames{4096}.decode(bytes_of(frame));
  EXPECT_EQ(step.kind, AmqpFrameKind::header);
  return frame.substr(step.payload_begin, step.payload_size);
}

AmqpContentRead read(const std::string& payload) { return read_amqp_content_header(bytes_of(payload)); }

AmqpProperties all_properties() {
  AmqpProperties all;
  all.content_type = "application/json";
  all.content_encoding = "gzip";
  all.delivery_mode = 2;
  all.priority = 0;
  all.correlation_id = "question";
  all.reply_to = "queue";
  all.expiration = "60000";
  all.message_id = "m1";
  all.timestamp = 1'700'000'000;
  all.type = "message";
  all.user_id = "guest";
  all.app_id = "parley";
  return all;
}

TEST(AmqpContent, header_of_a_broker_is_read_and_written_alike) {
  const std::string frame = from_hex(amqp_content_header);
  const AmqpContentRead result = read(payload_of(frame));
  ASSERT_TRUE(result.is_good) << result.why;
  EXPECT_EQ(result.header.body_size, 10U);
  AmqpProperties expected;
  expected.reply_to = "amq.gen-6wJs-Vz0klrtC2sXb7Ut9g";
  expected.message_id = "0123456789abcdef0123456789abcdef";
  expected.type = "communica_client_connect";
  EXPECT_EQ(result.header.properties, expected);
  EXPECT_EQ(hex_of(encoded(result.header)), hex_of(frame));
}

TEST(AmqpContent, header_has_all_properties_or_none) {
  for (const AmqpProperties& properties : {all_properties(), AmqpProperties{}}) {
    const AmqpContentRead result = read(payload_of(encoded({~std::uint64_t{0}, properties})));
    ASSERT_TRUE(result.is_good) << result.why;
    EXPECT_EQ(result.header.body_size, ~std::uint64_t{0});
    EXPECT_EQ(result.header.properties, properties);
  }
  EXPECT_EQ(hex_of(encoded({})), "0200010000000e003c000000000000000000000000ce");
}

TEST(AmqpContent, header_with_each_property_at_its_longest_fits_in_the_smallest_frame) {
  AmqpProperties longest = all_properties();
  for (std::string* const text :
       {&longest.content_type, &longest.content_encoding, &longest.correlation_id, &longest.reply_to,
        &longest.expiration, &longest.message_id, &longest.type, &longest.user_id, &longest.app_id}) {
    text->assign(255, 'a');
  }
  EXPECT_LE(encoded({0, longest}).size(), AmqpFrames::frame_size_min);
  longest.type += 'a';
  EXPECT_THROW((void)encoded({0, longest}), std::invalid_argument);
}

TEST(AmqpContent, header_that_is_cut_anywhere_is_refused) {
  const std::string payload = payload_of(encoded({7, all_properties()}));
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const AmqpContentRead result = read(payload.substr(0, size));
    EXPECT_FALSE(result.is_good) << size;
    EXPECT_STRNE(result.why, "");
  }
  EXPECT_FALSE(read(payload + '\0').is_good);
}

TEST(AmqpContent, headers_of_a_message_are_looked_through_and_left_out) {
  // headers {"n": 1 (I)}, delivery mode 2, and the property of older versions.
  const AmqpContentRead result = read(from_hex("003c 0000 0000000000000003 3004 00000007 016e 49 00000001 02 0163"));
  ASSERT_TRUE(result.is_good) << result.why;
  EXPECT_EQ(result.header.properties.delivery_mode, 2);
  EXPECT_FALSE(read(from_hex("003c 0000 0000000000000003 2000 00000007 016e 5a 00000001")).is_good);
}

TEST(AmqpContent, header_of_another_class_or_of_unknown_properties_is_refused) {
  EXPECT_TRUE(read(from_hex("003c 0000 0000000000000003 0000")).is_good);
  EXPECT_FALSE(read(from_hex("0032 0000 0000000000000003 0000")).is_good);
  EXPECT_FALSE(read(from_hex("003c 0000 0000000000000003 0001 0000")).is_good);
  EXPECT_FALSE(read(from_hex("003c 0000 0000000000000003 0002")).is_good);
}

}  // namespace
}  // namespace parley::test::amqp_content_tests
