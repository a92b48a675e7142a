#include <parley/app/filters/deflate.hpp>

#include "support/filtering.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <random>

namespace parley::app {
namespace {

using namespace std::string_literals;
using test::decoded;
using test::encoded;
using Kind = FilterResult::Kind;

/// What zlib makes of "hello hello hello" at its default level.
const std::string hello{"hello hello hello"};
const std::string deflated_hello{"\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x3a\x2e\x06\x7d", 16};

/// Text that compresses, and bytes that do not.
std::vector<std::string> bodies_to_deflate() {
  std::mt19937 random{7};
  std::vector<std::string> bodies{"", "a", hello, std::string(100'000, 'x')};
  for (const std::size_t size : {10U, 300U, 5000U, 70'000U}) {
    std::string noise(size, '\0');
    std::string words;
    for (char& c : noise) c = static_cast<char>(random());
    while (words.size() < size) words += "value " + std::to_string(random() % 1000) + "; ";
    bodies.push_back(noise);
    bodies.push_back(words);
  }
  return bodies;
}

FilterResult::Kind kind_of(const std::string& received, const Deflate& options = {}) {
  return deflate_filter(options)()->decode(received).kind();
}

TEST(DeflateFilter, understands_zlib) {
  EXPECT_EQ(decoded(*deflate_filter({})(), deflated_hello), hello);
  EXPECT_EQ(decoded(*deflate_filter({})(), "\x78\x9c\x03\x00\x00\x00\x00\x01"s), "");
}

TEST(DeflateFilter, sends_what_zlib_would) {
  EXPECT_EQ(encoded(*deflate_filter({})(), hello), deflated_hello);
  EXPECT_EQ(encoded(*deflate_filter({})(), ""), "\x78\x9c\x03\x00\x00\x00\x00\x01"s);
}

TEST(DeflateFilter, sums_up_bytes_that_would_overflow_the_sum) {
  EXPECT_TRUE(encoded(*deflate_filter({})(), std::string(100'000, '\xff')).ends_with("\x14\x9a\x30\x2c"));
}

TEST(DeflateFilter, what_one_end_deflates_the_other_inflates_at_every_level) {
  const std::vector<std::string> bodies = bodies_to_deflate();
  for (int level = 0; level <= 9; ++level)
    for (const bool keeps_context : {false, true}) {
      const MakeFilter make = deflate_filter({.level = level, .keeps_context = keeps_context});
      const auto here = make();
      const auto there = make();
      for (const std::string& body : bodies)
        EXPECT_EQ(decoded(*there, encoded(*here, body)), body)
            << "level " << level << ", " << body.size() << " bytes, context " << keeps_context;
    }
}

TEST(DeflateFilter, makes_repetition_small_and_noise_hardly_larger) {
  const auto filter = deflate_filter({})();
  EXPECT_LT(encoded(*filter, std::string(100'000, 'x')).size(), 200u);
  std::mt19937 random{1};
  std::string noise(100'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_LT(encoded(*filter, noise).size(), 100'100u);
}

TEST(DeflateFilter, keeps_no_memory_that_it_does_not_need) {
  const std::string sent = encoded(*deflate_filter({})(), std::string(1'000'000, 'x'));
  const FilterResult result = deflate_filter({})()->decode(sent);
  EXPECT_LT(result.message().pinned_size(), 2'100'000u);
  EXPECT_LT(deflate_filter({})()->encode(std::string(1'000'000, 'x')).message().pinned_size(), 3'000u);
}

TEST(DeflateFilter, messages_of_different_peers_do_not_mix) {
  const auto one = deflate_filter({})();
  const auto other = deflate_filter({.level = 1})();
  const std::string of_one = encoded(*one, hello);
  const std::string of_other = encoded(*other, hello + "!");
  EXPECT_EQ(decoded(*other, of_other), hello + "!");
  EXPECT_EQ(decoded(*one, of_one), hello);
  EXPECT_EQ(encoded(*one, hello), of_one);
}

TEST(DeflateFilter, inflates_no_further_than_the_limit) {
  const std::string bomb = encoded(*deflate_filter({})(), std::string(1'000'000, '\0'));
  const FilterResult result = deflate_filter({.inflated_size_max = 999'999})()->decode(bomb);
  EXPECT_EQ(result.kind(), Kind::failed);
  EXPECT_EQ(result.code(), error::message_too_large);
  EXPECT_EQ(result.sentence(),
            "message of " + std::to_string(bomb.size()) + " bytes inflates to more than the limit of 999999");
  EXPECT_EQ(kind_of(bomb, {.inflated_size_max = 1'000'000}), Kind::message);
  EXPECT_EQ(kind_of(bomb, {.inflated_size_max = 999'999, .on_bad_message = OnBadMessage::drop}), Kind::dropped);
  EXPECT_EQ(kind_of(encoded(*deflate_filter({})(), ""), {.inflated_size_max = 0}), Kind::message);
  EXPECT_EQ(kind_of(encoded(*deflate_filter({})(), "a"), {.inflated_size_max = 0}), Kind::failed);
  EXPECT_EQ(kind_of(bomb, {.inflated_size_max = ~std::size_t{0}}), Kind::message);
}

TEST(DeflateFilter, a_limit_counts_each_message_of_a_stream_alone) {
  const auto here = deflate_filter({.keeps_context = true})();
  const auto there = deflate_filter({.keeps_context = true, .inflated_size_max = 10})();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(decoded(*there, encoded(*here, "0123456789")), "0123456789");
  EXPECT_EQ(there->decode(encoded(*here, "0123456789a")).code(), error::message_too_large);
}

TEST(DeflateFilter, refuses_whatever_was_cut_off_or_added) {
  for (std::size_t size = 0; size < deflated_hello.size(); ++size)
    EXPECT_EQ(kind_of(deflated_hello.substr(0, size)), Kind::failed) << size;
  EXPECT_EQ(deflate_filter({})()->decode(deflated_hello + "xy").sentence(),
            "message of 18 bytes goes on for 2 bytes behind its zlib stream");
  EXPECT_EQ(deflate_filter({})()->decode(deflated_hello.substr(0, 13)).sentence(),
            "message of 13 bytes ends before its zlib stream does");
}

TEST(DeflateFilter, refuses_any_single_wrong_bit_that_means_something) {
  constexpr std::size_t padding = 95;  // the one behind the last code, up to the next byte
  for (std::size_t bit = 0; bit < 8 * deflated_hello.size(); ++bit) {
    if (bit == padding) continue;
    std::string damaged = deflated_hello;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_EQ(kind_of(damaged), Kind::failed) << bit;
  }
}

TEST(DeflateFilter, says_what_is_wrong) {
  const auto sentence = [](const std::string& received) {
    const FilterResult result = deflate_filter({})()->decode(received);
    EXPECT_EQ(result.code(), error::malformed);
    return result.sentence();
  };
  EXPECT_EQ(sentence("plain text"), "message of 10 bytes does not begin as a zlib stream does");
  EXPECT_EQ(sentence(""), "message of 0 bytes does not begin as a zlib stream does");
  EXPECT_EQ(sentence("\x78\xbb\x11\x22\x33\x44"), "message of 6 bytes asks for a preset dictionary, and there is none");
  EXPECT_EQ(sentence("\x78\x9c\x07\x00\x00"s), "message of 5 bytes breaks the rules of deflate");
  std::string damaged = deflated_hello;
  damaged.back() ^= 1;
  EXPECT_EQ(sentence(damaged),
            "message of 16 bytes was damaged: its Adler-32 is not that of the 17 bytes it inflates to");
}

TEST(DeflateFilter, refuses_a_reference_to_before_the_beginning) {
  // A block of fixed codes that is a length of 3 at distance 1, and nothing before it.
  const std::string stream{"\x78\x9c\x03\x02\x00\x00\x00\x00\x01", 9};
  EXPECT_EQ(kind_of(stream), Kind::failed);
  EXPECT_EQ(kind_of(deflated_hello), Kind::message) << "whatever was inflated in between";
  EXPECT_EQ(kind_of(stream), Kind::failed) << "and though there were bytes of another message";
}

TEST(DeflateStream, later_messages_refer_to_earlier_ones) {
  const auto here = deflate_filter({.keeps_context = true})();
  const std::string message = R"({"sensor": "t1", "unit": "degrees Celsius", "value": 20.5})";
  const std::size_t first = encoded(*here, message).size();
  EXPECT_LT(encoded(*here, message).size(), first / 3);
}

TEST(DeflateStream, is_what_zlib_flushes) {
  const auto here = deflate_filter({.keeps_context = true})();
  const std::string first = encoded(*here, "hello");
  EXPECT_TRUE(first.starts_with("\x78\x9c"));
  EXPECT_TRUE(first.ends_with("\x00\x00\xff\xff"s));
  const std::string second = encoded(*here, "hello");
  EXPECT_FALSE(second.starts_with("\x78\x9c")) << "the header comes once";
  EXPECT_TRUE(second.ends_with("\x00\x00\xff\xff"s));
}

TEST(DeflateStream, empty_messages_leave_a_trace_and_none_is_an_empty_one) {
  const auto here = deflate_filter({.keeps_context = true})();
  const auto there = deflate_filter({.keeps_context = true})();
  EXPECT_EQ(encoded(*here, ""), "\x78\x9c\x00\x00\x00\xff\xff"s);
  EXPECT_EQ(decoded(*there, "\x78\x9c\x00\x00\x00\xff\xff"s), "");
  for (const std::string body : {"", "a", "", "", "b"}) {
    const std::string sent = encoded(*here, body);
    EXPECT_FALSE(sent.empty());
    EXPECT_EQ(decoded(*there, sent), body);
  }
  EXPECT_EQ(decoded(*there, ""), "");
}

TEST(DeflateStream, forgets_a_message_that_was_not_sent) {
  const auto here = deflate_filter({.keeps_context = true})();
  const auto there = deflate_filter({.keeps_context = true})();
  (void)here->encode("the first, and with it the header, is not sent");
  here->not_sent();
  EXPECT_EQ(decoded(*there, encoded(*here, hello)), hello);
  (void)here->encode("something the peer never sees, never sees");
  here->not_sent();
  EXPECT_EQ(decoded(*there, encoded(*here, "something the peer never sees, never sees")),
            "something the peer never sees, never sees");
  EXPECT_EQ(decoded(*there, encoded(*here, hello)), hello);
}

TEST(DeflateStream, refuses_messages_without_a_flush_and_the_end_of_the_stream) {
  const auto sentence = [](const std::string& received) {
    return deflate_filter({.keeps_context = true})()->decode(received).sentence();
  };
  EXPECT_EQ(sentence(deflated_hello), "message of 16 bytes does not end with a flush of its zlib stream");
  EXPECT_EQ(sentence("\x78\x9c\x03\x00\x00\x00\xff\xff"s), "message of 8 bytes ends the zlib stream of its peer");
  EXPECT_EQ(sentence("\x78\x9c\x07\x00\x00\xff\xff"s), "message of 7 bytes breaks the rules of deflate");
  EXPECT_EQ(sentence("text"), "message of 4 bytes does not begin as a zlib stream does");
}

TEST(DeflateFilter, refuses_options_that_make_no_sense) {
  EXPECT_THROW((void)deflate_filter({.level = -1}), std::invalid_argument);
  EXPECT_THROW((void)deflate_filter({.level = 10}), std::invalid_argument);
  EXPECT_THROW((void)deflate_filter({.keeps_context = true, .on_bad_message = OnBadMessage::drop}),
               std::invalid_argument);
}

}  // namespace
}  // namespace parley::app
