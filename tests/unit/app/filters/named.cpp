#include <parley/app/filters/named.hpp>

#include "support/filtering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::app {
namespace {

using namespace std::string_literals;

/// What `text` makes of the check text of the CRC catalogue, without that text.
std::string added_by(const std::string& text) { return test::encoded(*filter_named(text)(), "123456789").substr(9); }

TEST(FilterNamed, has_every_checksum) {
  EXPECT_EQ(added_by("xor"), "\x31");
  EXPECT_EQ(added_by("crc16"), "\x37\x4b");
  EXPECT_EQ(added_by("crc16-modbus"), "\x37\x4b");
  EXPECT_EQ(added_by("crc16-ccitt"), "\x29\xb1");
  EXPECT_EQ(added_by("crc16-xmodem"), "\x31\xc3");
  EXPECT_EQ(added_by("crc16-kermit"), "\x89\x21");
  EXPECT_EQ(added_by("crc16-arc"), "\x3d\xbb");
  EXPECT_EQ(added_by("crc32"), "\x26\x39\xf4\xcb");
  EXPECT_EQ(added_by("crc32c"), "\x83\x92\x06\xe3");
}

TEST(FilterNamed, takes_the_options_of_checksums) {
  EXPECT_EQ(added_by("crc16-ccitt,hex"), "29B1");
  EXPECT_EQ(added_by("crc16-ccitt,hex,little"), "B129");
  EXPECT_EQ(added_by("crc32,big"), "\xcb\xf4\x39\x26");
  EXPECT_EQ(added_by("xor,skip=8"), "9");
  EXPECT_EQ(filter_named("xor,drop")()->decode("ab").kind(), FilterResult::Kind::dropped);
}

TEST(FilterNamed, has_deflate_with_its_options) {
  const auto filter = filter_named("deflate,level=1")();
  const std::string sent = test::encoded(*filter, std::string(1000, 'x'));
  EXPECT_TRUE(sent.starts_with("\x78\x01"));
  EXPECT_EQ(test::decoded(*filter_named("deflate")(), sent), std::string(1000, 'x'));
  EXPECT_EQ(filter_named("deflate,max=999")()->decode(sent).kind(), FilterResult::Kind::failed);
  EXPECT_EQ(filter_named("deflate,drop,max=999")()->decode(sent).kind(), FilterResult::Kind::dropped);
  EXPECT_TRUE(filter_named("deflate,context")()->needs_every_message());
}

TEST(FilterNamed, has_start_and_end_bytes_written_as_in_c) {
  EXPECT_EQ(test::encoded(*filter_named("start-end")(), "a"), "\x02"s + "a\x03");
  EXPECT_EQ(test::encoded(*filter_named("start-end,start=$,end=\\r\\n\\x2c")(), "a"), "$a\r\n,");
  EXPECT_EQ(test::encoded(*filter_named("start-end,start=,end=")(), "a"), "a");
  EXPECT_EQ(filter_named("start-end,drop")()->decode("a").kind(), FilterResult::Kind::dropped);
}

TEST(FilterNamed, says_what_was_wrong_and_what_is_accepted) {
  const auto expect_refused = [](const char* text, const char* part_of_the_sentence) {
    try {
      (void)filter_named(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const std::invalid_argument& refused) {
      EXPECT_THAT(refused.what(), ::testing::HasSubstr(part_of_the_sentence)) << text;
    }
  };
  expect_refused("", "unknown filter ''");
  expect_refused("crc17",
                 "unknown filter 'crc17'; the filters are crc16, xor, crc16-modbus, crc16-ccitt, crc16-xmodem, "
                 "crc16-kermit, crc16-arc, crc32, crc32c, deflate and start-end");
  expect_refused("crc16,", "the options hex, big, little, skip=N and drop, not ''");
  expect_refused("crc16,level=3", "the filter crc16 has the options");
  expect_refused("xor,skip=", "'skip=' needs a number");
  expect_refused("xor,skip=-1", "'skip=-1' needs a number");
  expect_refused("xor,skip=1x", "needs a number");
  expect_refused("xor,skip", "not 'skip'");
  expect_refused("deflate,hex", "the options level=N, context, max=BYTES and drop, not 'hex'");
  expect_refused("deflate,level=10", "the level of deflate is 0 to 9, not 10");
  expect_refused("deflate,level=99999999999", "needs a number");
  expect_refused("deflate,context,drop", "cannot drop a message");
  expect_refused("start-end,stop=a", "the options start=BYTES, end=BYTES and drop, not 'stop=a'");
  expect_refused("start-end,end=\\q", "the escapes are \\n");
}

}  // namespace
}  // namespace parley::app
