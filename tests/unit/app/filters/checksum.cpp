#include <parley/app/filters/checksum.hpp>

#include "support/bytes_of.hpp"
#include "support/filtering.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

namespace parley::app {
namespace {

using namespace std::string_literals;
using test::decoded;
using test::encoded;
using Kind = FilterResult::Kind;

struct CatalogueEntry {
  ChecksumKind kind;
  std::size_t size;
  std::uint32_t of_check_text;
};

const std::vector<CatalogueEntry> catalogue{
    {ChecksumKind::xor8, 1, 0x31},           {ChecksumKind::crc16_modbus, 2, 0x4b37},
    {ChecksumKind::crc16_ccitt, 2, 0x29b1},  {ChecksumKind::crc16_xmodem, 2, 0x31c3},
    {ChecksumKind::crc16_kermit, 2, 0x2189}, {ChecksumKind::crc16_arc, 2, 0xbb3d},
    {ChecksumKind::crc32, 4, 0xcbf43926},    {ChecksumKind::crc32c, 4, 0xe3069283},
};

TEST(ChecksumOf, is_that_of_the_catalogue) {
  for (const CatalogueEntry& entry : catalogue) {
    EXPECT_EQ(checksum(entry.kind, test::bytes_of("123456789")), entry.of_check_text);
    EXPECT_EQ(checksum_size(entry.kind), entry.size);
  }
}

TEST(ChecksumOf, no_bytes_is_where_the_algorithm_begins) {
  EXPECT_EQ(checksum(ChecksumKind::xor8, {}), 0u);
  EXPECT_EQ(checksum(ChecksumKind::crc16_modbus, {}), 0xffffu);
  EXPECT_EQ(checksum(ChecksumKind::crc16_ccitt, {}), 0xffffu);
  EXPECT_EQ(checksum(ChecksumKind::crc16_xmodem, {}), 0u);
  EXPECT_EQ(checksum(ChecksumKind::crc32, {}), 0u);
}

/// A checksum has the property that any one wrong bit shows, wherever it is in the steps of eight bytes.
TEST(ChecksumOf, tells_every_single_wrong_bit) {
  std::string text = "Whatever is sent, it is thirty-nine by now.";
  for (const CatalogueEntry& entry : catalogue) {
    const std::uint32_t right = checksum(entry.kind, test::bytes_of(text));
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
      text[bit / 8] ^= static_cast<char>(1 << bit % 8);
      EXPECT_NE(checksum(entry.kind, test::bytes_of(text)), right) << bit;
      text[bit / 8] ^= static_cast<char>(1 << bit % 8);
    }
  }
}

TEST(ChecksumFilter, a_modbus_frame_is_what_devices_send) {
  const auto filter = checksum_filter({.kind = ChecksumKind::crc16_modbus})();
  const std::string request{"\x11\x03\x00\x6b\x00\x03", 6};  // read three registers of device 17
  EXPECT_EQ(encoded(*filter, request), request + "\x76\x87");
  EXPECT_EQ(decoded(*filter, request + "\x76\x87"), request);
}

TEST(ChecksumFilter, what_one_end_adds_the_other_takes_off) {
  for (const CatalogueEntry& entry : catalogue)
    for (const ChecksumForm form : {ChecksumForm::binary, ChecksumForm::hexadecimal})
      for (const std::size_t skip : {0U, 1U, 100U})
        for (const std::string& body : {""s, "a"s, "some text"s, std::string(1000, '\xff')}) {
          const auto filter = checksum_filter({.kind = entry.kind, .form = form, .skip = skip})();
          const std::string sent = encoded(*filter, body);
          EXPECT_EQ(sent.size(), body.size() + entry.size * (form == ChecksumForm::binary ? 1 : 2));
          EXPECT_EQ(decoded(*filter, sent), body);
        }
}

TEST(ChecksumFilter, writes_bytes_in_the_order_of_the_algorithm_unless_told) {
  const auto sent = [](Checksum options) { return encoded(*checksum_filter(options)(), "123456789").substr(9); };
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_modbus}), "\x37\x4b");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_modbus, .order = ByteOrder::big}), "\x4b\x37");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_ccitt}), "\x29\xb1");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_ccitt, .order = ByteOrder::little}), "\xb1\x29");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc32}), "\x26\x39\xf4\xcb");
}

TEST(ChecksumFilter, writes_digits_as_numbers_are_written_unless_told) {
  const auto sent = [](Checksum options) {
    options.form = ChecksumForm::hexadecimal;
    return encoded(*checksum_filter(options)(), "123456789").substr(9);
  };
  EXPECT_EQ(sent({.kind = ChecksumKind::xor8}), "31");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_modbus}), "4B37");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc16_modbus, .order = ByteOrder::little}), "374B");
  EXPECT_EQ(sent({.kind = ChecksumKind::crc32}), "CBF43926");
}

TEST(ChecksumFilter, understands_digits_in_either_case) {
  const auto filter = checksum_filter({.kind = ChecksumKind::crc32, .form = ChecksumForm::hexadecimal})();
  EXPECT_EQ(decoded(*filter, "123456789cBf43926"), "123456789");
}

TEST(ChecksumFilter, leaves_out_the_bytes_that_are_skipped) {
  const auto filter = checksum_filter({.kind = ChecksumKind::xor8, .skip = 1})();
  EXPECT_EQ(encoded(*filter, "\x02"s + "a\x03"), "\x02"s + "a\x03\x62");
}

TEST(ChecksumFilter, fails_the_peer_for_another_checksum) {
  const auto filter = checksum_filter({.kind = ChecksumKind::crc16_ccitt})();
  const FilterResult result = filter->decode("123456789\x29\xb0");
  EXPECT_EQ(result.kind(), Kind::failed);
  EXPECT_EQ(result.code(), error::malformed);
  EXPECT_EQ(result.sentence(), "the checksum crc16-ccitt of a message of 9 bytes is 0x29B1, and 0x29B0 came with it");
}

TEST(ChecksumFilter, drops_the_message_in_place_of_the_peer_where_told) {
  const auto filter = checksum_filter({.kind = ChecksumKind::xor8, .on_bad_message = OnBadMessage::drop})();
  const FilterResult result = filter->decode("ab\x01");
  EXPECT_EQ(result.kind(), Kind::dropped);
  EXPECT_EQ(result.sentence(), "the checksum xor of a message of 2 bytes is 0x03, and 0x01 came with it");
  EXPECT_EQ(decoded(*filter, "ab\x03"), "ab") << "the next one is none the worse";
}

TEST(ChecksumFilter, refuses_a_message_without_room_for_one) {
  const auto filter = checksum_filter({.kind = ChecksumKind::crc32})();
  EXPECT_EQ(filter->decode("abc").sentence(), "message of 3 bytes is too short for the checksum crc32, which has 4");
  EXPECT_EQ(filter->decode({}).kind(), Kind::failed);
}

TEST(ChecksumFilter, refuses_digits_that_are_none) {
  const auto filter = checksum_filter({.kind = ChecksumKind::xor8, .form = ChecksumForm::hexadecimal})();
  for (const std::string digits : {"6g", "g1", " 6", "0x", "\xff\xff"})
    EXPECT_EQ(filter->decode("ab" + digits).sentence(),
              "message of 4 bytes does not end with the 2 hexadecimal digits of the checksum xor");
}

TEST(ChecksumFilter, refuses_options_that_are_none) {
  EXPECT_THROW((void)checksum_filter({.kind = static_cast<ChecksumKind>(8)}), std::invalid_argument);
  EXPECT_THROW((void)checksum_filter({.form = static_cast<ChecksumForm>(2)}), std::invalid_argument);
  EXPECT_THROW((void)checksum_filter({.order = static_cast<ByteOrder>(2)}), std::invalid_argument);
}

}  // namespace
}  // namespace parley::app
