#include <parley/wire/separator.hpp>

#include "support/bytes_of.hpp"
#include "support/chunked_decode.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

boost::system::error_code refusal(const Separator& options, std::string_view body, std::size_t message_size_max = 64) {
  SeparatorEncoder encoder{options, message_size_max};
  Envelope envelope;
  return encoder.encode(test::bytes_of(body), envelope);
}

TEST(SeparatorDecoder, finds_a_separator_split_across_reads) {
  SeparatorDecoder decoder{{"\r\n"}, 64};
  EXPECT_EQ(decoder.decode(test::bytes_of("abc\r"), false).need, 5u);
  const DecodeStep step = decoder.decode(test::bytes_of("abc\r\n"), false);
  EXPECT_EQ(step.kind, DecodeStep::Kind::frame);
  EXPECT_EQ(step.size, 3u);
  EXPECT_EQ(step.consumed, 5u);
}

TEST(SeparatorDecoder, needs_at_least_a_separator) {
  SeparatorDecoder decoder{{"====="}, 64};
  EXPECT_EQ(decoder.decode({}, false).need, 5u);
  EXPECT_EQ(decoder.decode(test::bytes_of("="), false).need, 5u);
  EXPECT_EQ(decoder.decode(test::bytes_of("a===="), false).need, 6u);
}

TEST(SeparatorDecoder, starts_its_search_anew_behind_a_frame) {
  SeparatorDecoder decoder{{"\n"}, 64};
  EXPECT_EQ(decoder.decode(test::bytes_of("abcdef"), false).kind, DecodeStep::Kind::need);
  EXPECT_EQ(decoder.decode(test::bytes_of("abcdef\n\n"), false).consumed, 7u);
  EXPECT_EQ(decoder.decode(test::bytes_of("\n"), false).consumed, 1u);
}

TEST(SeparatorDecoder, looks_only_at_new_bytes) {
  SeparatorDecoder decoder{{"\n"}, 64};
  EXPECT_EQ(decoder.decode(test::bytes_of("abc"), false).kind, DecodeStep::Kind::need);
  // The bytes shown before are searched: a separator put there afterwards goes unseen.
  EXPECT_EQ(decoder.decode(test::bytes_of("a\nc"), false).kind, DecodeStep::Kind::need);
  EXPECT_EQ(decoder.decode(test::bytes_of("a\ncd\n"), false).size, 4u);
}

TEST(SeparatorDecoder, takes_a_mebibyte_byte_by_byte_in_linear_time) {
  // Were every call to search from the start, this would take 2^39 steps.
  constexpr std::size_t size = 1 << 20;
  for (const std::string_view separator : {"\n", "\r\n", "aaaaaaab"}) {
    SeparatorDecoder decoder{{std::string{separator}}, size};
    const std::string stream = std::string(size, 'a') + std::string{separator};
    for (std::size_t shown = 1; shown < stream.size(); ++shown)
      ASSERT_EQ(decoder.decode(test::bytes_of(stream).first(shown), false).need, std::max(shown + 1, separator.size()));
    EXPECT_EQ(decoder.decode(test::bytes_of(stream), false).size, size);
  }
}

TEST(SeparatorDecoder, searches_in_linear_time_even_for_a_separator_that_almost_matches_everywhere) {
  SeparatorDecoder decoder{{std::string(255, 'a') + "b"}, 8 << 20};
  const std::string stream(4 << 20, 'a');
  EXPECT_EQ(decoder.decode(test::bytes_of(stream), false).kind, DecodeStep::Kind::need);
}

TEST(SeparatorDecoder, accepts_the_65536_bytes_that_other_programs_stop_at_and_more) {
  for (const std::size_t size : {65536u, 70000u}) {
    SeparatorDecoder decoder{{"\n"}, 70000};
    EXPECT_EQ(decoder.decode(test::bytes_of(std::string(size, 'x') + "\n"), false).size, size);
  }
}

TEST(SeparatorDecoder, refuses_a_body_as_soon_as_it_is_surely_over_the_limit) {
  SeparatorDecoder one_byte{{"\n"}, 3};
  EXPECT_EQ(one_byte.decode(test::bytes_of("abc"), false).kind, DecodeStep::Kind::need);
  const DecodeStep step = one_byte.decode(test::bytes_of("abcd"), false);
  EXPECT_EQ(step.code, error::message_too_large);
  EXPECT_EQ(step.offset, 0u);
  EXPECT_EQ(step.size, 4u);

  SeparatorDecoder two_bytes{{"\r\n"}, 3};
  EXPECT_EQ(two_bytes.decode(test::bytes_of("abc\r"), false).kind, DecodeStep::Kind::need);
  EXPECT_EQ(two_bytes.decode(test::bytes_of("abc\rx"), false).code, error::message_too_large);
}

TEST(SeparatorDecoder, refuses_a_long_body_even_when_its_separator_is_there) {
  SeparatorDecoder decoder{{"\n"}, 3};
  EXPECT_EQ(decoder.decode(test::bytes_of("abcd\n"), false).code, error::message_too_large);
}

TEST(SeparatorEncoder, refuses_a_body_that_contains_the_separator) {
  EXPECT_EQ(refusal({"\n"}, "a\nb"), error::unframeable);
  EXPECT_EQ(refusal({"\n"}, "a\n"), error::unframeable);
  EXPECT_EQ(refusal({"\r\n"}, "a\r\nb"), error::unframeable);
  EXPECT_FALSE(refusal({"\r\n"}, "a\rb\n"));
}

TEST(SeparatorEncoder, refuses_a_body_whose_end_would_begin_the_separator) {
  EXPECT_EQ(refusal({"\n\n"}, "x\n"), error::unframeable);
  EXPECT_EQ(refusal({"abab"}, "xab"), error::unframeable);
  EXPECT_FALSE(refusal({"abab"}, "xa"));
  EXPECT_FALSE(refusal({"\r\n"}, "x\r"));
}

TEST(SeparatorEncoder, sends_the_separator_inside_a_body_when_told_to) {
  SeparatorEncoder encoder{{.bytes = "\n", .allow_in_body = true}, 64};
  EXPECT_EQ(test::encode_text(encoder, "a\nb"), "a\nb\n");
}

TEST(SeparatorEncoder, that_keeps_adds_the_separator_only_where_it_is_missing) {
  SeparatorEncoder encoder{{.bytes = "\n", .keep = true}, 64};
  EXPECT_EQ(test::encode_text(encoder, "hello\n"), "hello\n");
  EXPECT_EQ(test::encode_text(encoder, "hello"), "hello\n");
  EXPECT_EQ(test::encode_text(encoder, ""), "\n");
  EXPECT_EQ(refusal({.bytes = "\n", .keep = true}, "a\n\n"), error::unframeable);
}

TEST(SeparatorEncoder, that_keeps_does_not_count_the_separator_against_the_limit) {
  EXPECT_FALSE(refusal({.bytes = "\r\n", .keep = true}, "abc\r\n", 3));
  EXPECT_EQ(refusal({.bytes = "\r\n", .keep = true}, "abcd\r\n", 3), error::message_too_large);
  EXPECT_EQ(refusal({.bytes = "\r\n"}, "abcd", 3), error::message_too_large);
}

TEST(SeparatorEncoder, sends_an_empty_body) {
  SeparatorEncoder encoder{{"\r\n"}, 0};
  EXPECT_EQ(test::encode_text(encoder, ""), "\r\n");
}

/// Every body over a small alphabet: what is accepted arrives whole, and what is refused would not have.
TEST(SeparatorEncoder, refuses_exactly_what_would_arrive_as_something_else) {
  for (const std::string_view separator : {"a", "ab", "aa", "aab", "aba", "abab", "abaab"}) {
    for (unsigned bits = 1; bits < 256; ++bits) {
      // The bits below the highest set one are a body: every string of up to seven letters.
      std::string body;
      for (unsigned rest = bits; rest > 1; rest >>= 1) body.push_back((rest & 1) != 0 ? 'a' : 'b');
      const Separator options{std::string{separator}};
      const test::Decoded arrived = test::decode_whole(options, 64, body + options.bytes);
      const bool arrives_whole = arrived.messages == std::vector{body};
      EXPECT_EQ(!refusal(options, body), arrives_whole) << body << " before " << separator;
    }
  }
}

}  // namespace
}  // namespace parley::wire
