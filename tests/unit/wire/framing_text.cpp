#include <parley/wire/framing_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>

namespace parley {
namespace {

struct Written {
  const char* text;
  Framing framing;
};

TEST(FramingText, reads_and_writes_every_framing) {
  for (const auto& [text, framing] : std::vector<Written>{
           {"length", LengthPrefixed{}},
           {"length:2", LengthPrefixed{.width = 2}},
           {"length:4:little", LengthPrefixed{.order = ByteOrder::little}},
           {"length:4:big:+4", LengthPrefixed{.offset = 4}},
           {"length:8:little:-2", LengthPrefixed{.width = 8, .order = ByteOrder::little, .offset = -2}},
           {"varint", VarintPrefixed{}},
           {"separator", Separator{}},
           {"separator:\\r\\n", Separator{"\r\n"}},
           {"separator:\\n:keep", Separator{.bytes = "\n", .keep = true}},
           {"separator:;;:allow", Separator{.bytes = ";;", .allow_in_body = true}},
           {"separator:;;:keep:allow", Separator{.bytes = ";;", .keep = true, .allow_in_body = true}},
           {"separator:\\0\\t\\\\\\x3a\\x20\\xff", Separator{std::string{"\0\t\\: \xff", 6}}},
           {"fixed:16", FixedLength{.size = 16}},
           {"fixed:16:strip", FixedLength{.size = 16, .strip = true}},
           {"fixed:16:pad=\\0:strip", FixedLength{.size = 16, .pad = '\0', .strip = true}},
           {"eof", UntilEof{}},
           {"raw", Raw{}},
           {"idle-gap", IdleGap{}},
           {"idle-gap:20ms", IdleGap{.gap = std::chrono::milliseconds{20}}},
           {"idle-gap:1750us", IdleGap{.gap = std::chrono::microseconds{1750}}},
           {"idle-gap:1ns", IdleGap{.gap = std::chrono::nanoseconds{1}}},
           {"idle-gap:90s", IdleGap{.gap = std::chrono::seconds{90}}},
           {"idle-gap:2min", IdleGap{.gap = std::chrono::minutes{2}}},
           {"idle-gap:24h", IdleGap{.gap = std::chrono::hours{24}}},
       }) {
    EXPECT_EQ(parse_framing(text), framing) << text;
    EXPECT_EQ(to_string(framing), text);
    EXPECT_EQ(framing.name(), text);
  }
}

TEST(FramingText, reads_forms_that_it_writes_shorter) {
  for (const auto& [text, shorter] :
       {std::pair{"length:4", "length"}, std::pair{"length:4:big", "length"}, std::pair{"length:4:big:+0", "length"},
        std::pair{"length:4:big:-0", "length"}, std::pair{"separator:\\n", "separator"},
        std::pair{"separator:\\x0A", "separator"}, std::pair{"fixed:16:strip:pad= ", "fixed:16:strip"},
        std::pair{"idle-gap:100ms", "idle-gap"}, std::pair{"idle-gap:0020000us", "idle-gap:20ms"}})
    EXPECT_EQ(to_string(parse_framing(text)), shorter);
}

TEST(FramingText, reads_again_what_it_wrote_for_any_separator) {
  std::mt19937 random{1};
  for (int i = 0; i < 300; ++i) {
    std::string bytes(1 + random() % 8, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const Framing framing = Separator{.bytes = bytes, .keep = random() % 2 == 0, .allow_in_body = random() % 2 == 0};
    EXPECT_EQ(parse_framing(to_string(framing)), framing) << to_string(framing);
  }
}

TEST(FramingText, reads_the_edges_of_numbers) {
  for (const std::int64_t offset :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const Framing framing = LengthPrefixed{.width = 8, .offset = offset};
    EXPECT_EQ(parse_framing(to_string(framing)), framing);
  }
}

TEST(FramingText, says_what_was_wrong_and_what_is_accepted) {
  const auto expect_refused = [](const char* text, const char* part_of_the_sentence) {
    try {
      (void)parse_framing(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const std::invalid_argument& refused) {
      EXPECT_THAT(refused.what(), testing::HasSubstr(part_of_the_sentence)) << text;
    }
  };
  expect_refused("", "unknown framing ''");
  expect_refused("lenght",
                 "unknown framing 'lenght'; the framings are length, varint, separator, fixed, eof, raw and "
                 "idle-gap");
  expect_refused("length:", "the width of a length is 1, 2, 4 or 8, not ''");
  expect_refused("length:3", "1, 2, 4 or 8 bytes, not 3");
  expect_refused("length:-4", "not '-4'");
  expect_refused("length:4x", "not '4x'");
  expect_refused("length:99999999999999999999", "not '99999999999999999999'");
  expect_refused("length:little", "not 'little'");
  expect_refused("length:4:middle", "big or little, not 'middle'");
  expect_refused("length:4:big:4", "a number with its sign, such as +4, not '4'");
  expect_refused("length:4:big:+-4", "not '+-4'");
  expect_refused("length:4:big:--4", "not '--4'");
  expect_refused("length:4:big:+", "not '+'");
  expect_refused("length:1:big:+256", "the largest is 255");
  expect_refused("length:4:big:+4:x", "too much after '+4'");
  expect_refused("varint:4", "takes no options, but was given '4'");
  expect_refused("eof:", "takes no options");
  expect_refused("raw:1", "takes no options");
  expect_refused("idle-gap:", "ns, us, ms, s, min or h, as in 100ms, not ''");
  expect_refused("idle-gap:100", "not '100'");
  expect_refused("idle-gap:ms", "not 'ms'");
  expect_refused("idle-gap:-5ms", "not '-5ms'");
  expect_refused("idle-gap:1.5s", "not '1.5s'");
  expect_refused("idle-gap:5 ms", "not '5 ms'");
  expect_refused("idle-gap:99999999999999999999ms", "not '99999999999999999999ms'");
  expect_refused("idle-gap:18446744073709551615h", "at most 24 hours");
  expect_refused("idle-gap:25h", "at most 24 hours");
  expect_refused("idle-gap:0ms", "longer than nothing");
  expect_refused("idle-gap:20ms:x", "too much after '20ms'");
  expect_refused("separator:", "the separator is empty; write a colon as \\x3a");
  expect_refused("separator::", "the separator is empty");
  expect_refused("separator:\\q", "the escapes are \\n \\r \\t \\0 \\\\ and \\xHH");
  expect_refused("separator:\\", "bad escape");
  expect_refused("separator:\\x", "bad escape");
  expect_refused("separator:\\x4", "bad escape");
  expect_refused("separator:\\x4g", "bad escape");
  expect_refused("separator:a:kept", "the options keep and allow, not 'kept'");
  expect_refused("fixed", "need their size, as in fixed:16");
  expect_refused("fixed:0", "at least 1 byte");
  expect_refused("fixed:sixteen", "not 'sixteen'");
  expect_refused("fixed:16:pad=ab", "the pad is one byte, such as pad=\\0, not 'ab'");
  expect_refused("fixed:16:pad=", "the pad is one byte");
  expect_refused("fixed:16:trim", "pad=BYTE and strip, not 'trim'");
}

}  // namespace
}  // namespace parley
