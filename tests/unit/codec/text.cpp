#include <parley/codec/text.hpp>

#include <parley/codec/bytes.hpp>
#include <parley/codec/utf8.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace parley {
namespace {

using namespace std::string_literals;

static_assert(Codec<Text> && Codec<Bytes>);

TEST(Text, carries_utf8_and_nothing_else) {
  EXPECT_EQ(Text{}.encode("é").view(), "é");
  EXPECT_EQ(Text{}.decode(Message{"é"}), "é");
  EXPECT_THROW(static_cast<void>(Text{}.encode("\xff")), std::invalid_argument);
  try {
    static_cast<void>(Text{}.decode("ab\xff"));
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "byte 2: the text is not valid UTF-8");
    EXPECT_EQ(e.code(), error::payload_rejected);
  }
}

TEST(Text, guesses_what_else_a_payload_is) {
  try {
    static_cast<void>(Text{}.decode("\x80\x04N."));
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "$: this looks like a Python pickle (protocol 4), not text");
  }
}

TEST(Bytes, leaves_payloads_as_they_are) {
  const Message large{std::string(1000, '\xff')};
  EXPECT_EQ(Bytes{}.encode(large), large);
  EXPECT_EQ(Bytes{}.decode(large).data(), large.data());
  EXPECT_EQ(Bytes{}.decode<std::string>(large), large.text());
  EXPECT_EQ(Bytes{}.decode<std::vector<std::byte>>(large).size(), 1000U);
}

TEST(Utf8, knows_what_is_valid) {
  for (const std::string& good :
       {""s, "a"s, "é"s, "€"s, "😀"s, "\xf4\x8f\xbf\xbf"s, "\xed\x9f\xbf"s, "\0"s, "0123456789é0123456789"s})
    EXPECT_EQ(codec::valid_utf8_size(good), good.size()) << good;
  const std::pair<std::string, std::size_t> bad[] = {
      {"\x80", 0},         {"\xc0\x80", 0},         {"\xc1\xbf", 0},         {"\xe0\x9f\xbf", 0},
      {"\xed\xa0\x80", 0}, {"\xf0\x8f\xbf\xbf", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0},
      {"ab\xc3", 2},       {"\xe2\x82", 0},         {"\xf0\x9f\x98", 0},     {"01234567\xff", 8},
      {"é\xe2\x28\xa1", 2}};
  for (const auto& [text, size] : bad) EXPECT_EQ(codec::valid_utf8_size(text), size);
}

}  // namespace
}  // namespace parley
