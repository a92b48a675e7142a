#include <parley/wire/amqp_field.hpp>

#include "support/bytes_of.hpp"
#include "vectors/communica.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace parley::test::amqp_field_tests {
namespace {

using wire::AmqpReader;
using wire::AmqpTable;
using wire::AmqpTableReader;
using wire::AmqpTableWriter;
using wire::AmqpWriter;

std::string hex_of_bytes(const std::vector<std::byte>& bytes) {
  return hex_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Whether these bytes are a table.
bool reads(const std::string& bytes) {
  AmqpReader reader{bytes_of(bytes)};
  (void)reader.table();
  return reader.is_good() && reader.rest().empty();
}

std::string with_length(const std::string& bytes) {
  std::vector<std::byte> out;
  AmqpWriter{out}.long_string(bytes);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

TEST(AmqpFields, are_in_network_order) {
  std::vector<std::byte> out;
  AmqpWriter writer{out};
  writer.integer(std::uint8_t{1});
  writer.integer(std::uint16_t{2});
  writer.integer(std::uint32_t{3});
  writer.integer(std::uint64_t{4});
  writer.short_string("ab");
  writer.long_string("c");
  EXPECT_EQ(hex_of_bytes(out), "0100020000000300000000000000040261620000000163");
  AmqpReader reader{out};
  EXPECT_EQ(reader.integer<std::uint8_t>(), 1);
  EXPECT_EQ(reader.integer<std::uint16_t>(), 2);
  EXPECT_EQ(reader.integer<std::uint32_t>(), 3U);
  EXPECT_EQ(reader.integer<std::uint64_t>(), 4U);
  EXPECT_EQ(reader.short_string(), "ab");
  EXPECT_EQ(reader.long_string(), "c");
  EXPECT_TRUE(reader.is_good() && reader.rest().empty());
}

TEST(AmqpFields, bits_share_octets_until_something_else_comes) {
  std::vector<std::byte> out;
  AmqpWriter writer{out};
  for (int i = 0; i < 9; ++i) writer.bit(i == 0 || i == 3 || i == 8);
  writer.integer(std::uint8_t{0xff});
  writer.bit(true);
  EXPECT_EQ(hex_of_bytes(out), "0901ff01");
  AmqpReader reader{out};
  for (int i = 0; i < 9; ++i) EXPECT_EQ(reader.bit(), i == 0 || i == 3 || i == 8) << i;
  EXPECT_EQ(reader.integer<std::uint8_t>(), 0xff);
  EXPECT_TRUE(reader.bit());
  EXPECT_TRUE(reader.is_good() && reader.rest().empty());
}

TEST(AmqpFields, that_are_not_there_are_empty) {
  const std::string bytes = from_hex("05 6162");
  AmqpReader reader{bytes_of(bytes)};
  EXPECT_EQ(reader.short_string(), "");
  EXPECT_FALSE(reader.is_good());
  EXPECT_EQ(reader.integer<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.bit());
  EXPECT_EQ(reader.long_string(), "");
}

TEST(AmqpFields, short_strings_have_255_bytes_at_most) {
  std::vector<std::byte> out;
  AmqpWriter writer{out};
  writer.short_string(std::string(255, 'a'));
  EXPECT_EQ(out.size(), 256U);
  EXPECT_THROW(writer.short_string(std::string(256, 'a')), std::invalid_argument);
  EXPECT_EQ(out.size(), 256U);
}

struct TypeVector {
  char type;
  const char* value;  ///< hexadecimal
};

// All that the specification and RabbitMQ have.
const std::vector<TypeVector> types{
    {'t', "01"},
    {'b', "ff"},
    {'B', "ff"},
    {'s', "fffe"},
    {'U', "fffe"},
    {'u', "fffe"},
    {'I', "fffffffe"},
    {'i', "fffffffe"},
    {'l', "fffffffffffffffe"},
    {'L', "0000000000000001"},
    {'f', "3f800000"},
    {'d', "3ff0000000000000"},
    {'D', "0200000064"},
    {'S', "00000002 6162"},
    {'x', "00000002 00ff"},
    {'A', "00000004 7401 5601"},
    {'T', "0000000065000000"},
    {'F', "00000004 0161 7401"},
    {'V', ""},
};

TEST(AmqpTables, of_all_types_are_read_over) {
  std::string all;
  for (const TypeVector& each : types) {
    if (each.type == 'A') continue;
    const std::string field = "\x03key" + std::string{each.type} + from_hex(each.value);
    EXPECT_TRUE(reads(with_length(field))) << each.type;
    for (std::size_t size = 1; size < field.size(); ++size) {
      EXPECT_FALSE(reads(with_length(field.substr(0, size)))) << each.type << size;
    }
    all += field;
  }
  EXPECT_TRUE(reads(with_length(all)));
  EXPECT_TRUE(reads(with_length("")));
}

TEST(AmqpTables, have_arrays_of_values_without_names) {
  const std::string array = "t" + from_hex("01") + "V" + "S" + from_hex("00000001 61") + "A" + from_hex("00000000");
  EXPECT_TRUE(reads(with_length("\x01kA" + with_length(array))));
  EXPECT_FALSE(reads(with_length("\x01kA" + with_length(array + "t"))));
}

TEST(AmqpTables, of_unknown_types_are_refused) {
  for (const char type : {'Z', '\0', ' ', 'X'}) {
    EXPECT_FALSE(reads(with_length("\x01k" + std::string{type} + std::string(20, '\0')))) << type;
  }
}

TEST(AmqpTables, end_within_what_they_lie_in) {
  EXPECT_FALSE(reads(from_hex("00000005 0161 7401")));
  EXPECT_FALSE(
      reads(with_length("\x01k"
                        "F" +
                        from_hex("00000005 0161 7401"))));
  EXPECT_FALSE(
      reads(with_length("\x01k"
                        "S" +
                        from_hex("ffffffff 6161"))));
  EXPECT_FALSE(reads(from_hex("ffffffff")));
}

/// Tables in each other, one less than there are levels.
std::string nested(unsigned depth) {
  std::string bytes = with_length("");
  for (unsigned i = 1; i < depth; ++i) bytes = with_length("\x01kF" + bytes);
  return bytes;
}

TEST(AmqpTables, are_nested_no_deeper_than_allowed) {
  EXPECT_TRUE(reads(nested(wire::amqp_table_depth_max)));
  EXPECT_FALSE(reads(nested(wire::amqp_table_depth_max + 1)));
  EXPECT_FALSE(reads(nested(10'000)));
}

TEST(AmqpTables, have_arrays_nested_no_deeper_than_allowed) {
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes = "A" + with_length(bytes);
  EXPECT_FALSE(reads(with_length("\x01k" + bytes)));
}

TEST(AmqpTables, are_found_as_they_were_written) {
  AmqpTableWriter inner;
  inner.add("publisher_confirms", true).add("other", false);
  AmqpTableWriter writer;
  writer.add("product", "parley").add("capabilities", inner.table());
  EXPECT_EQ(AmqpTableReader::find(writer.table(), "product")->text(), "parley");
  const auto capabilities = AmqpTableReader::find(writer.table(), "capabilities");
  ASSERT_TRUE(capabilities);
  EXPECT_TRUE(AmqpTableReader::find(capabilities->table(), "publisher_confirms")->is_true());
  EXPECT_FALSE(AmqpTableReader::find(capabilities->table(), "other")->is_true());
  EXPECT_FALSE(AmqpTableReader::find(writer.table(), "nothing"));
}

TEST(AmqpTables, give_a_field_of_another_type_as_empty) {
  AmqpTableWriter writer;
  writer.add("truth", true);
  const auto field = AmqpTableReader::find(writer.table(), "truth");
  ASSERT_TRUE(field);
  EXPECT_EQ(field->text(), "");
  EXPECT_TRUE(field->table().fields.empty());
}

}  // namespace
}  // namespace parley::test::amqp_field_tests
