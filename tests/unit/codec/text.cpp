#include <parley/codec/text.hpp>

#include <parley/codec/bytes.hpp>

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

}  // namespace
}  // namespace parley
