#include <parley/app/filters/chain.hpp>

#include "support/filtering.hpp"

#include <parley/app/filters/checksum.hpp>
#include <parley/app/filters/deflate.hpp>
#include <parley/app/filters/start_end.hpp>
#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace parley::app {
namespace {

using namespace std::string_literals;
using test::decoded;
using test::encoded;
using Kind = FilterResult::Kind;

/// Writes its letter behind what it sees, in either direction; refuses what has an exclamation mark.
class Letter final : public Filter {
 public:
  Letter(char letter, std::string& told) : letter_{letter}, told_{told} {}
  FilterResult decode(Message message) override { return seen(message); }
  FilterResult encode(Message message) override { return seen(message); }
  void not_sent() override { told_ += letter_; }

 private:
  FilterResult seen(const Message& message) const {
    if (message.text().find(std::string{letter_} + '!') != std::string::npos)
      return FilterResult::dropped("no shouting");
    return Message{message.text() + letter_};
  }
  char letter_;
  std::string& told_;
};

MakeFilter letter(char letter, std::string& told) {
  return [letter, &told] { return std::make_unique<Letter>(letter, told); };
}

TEST(FilterChain, decodes_from_the_first_to_the_last_and_encodes_the_other_way_round) {
  std::string told;
  const auto filter = chain({letter('a', told), letter('b', told), letter('c', told)})();
  EXPECT_EQ(decoded(*filter, "."), ".abc");
  EXPECT_EQ(encoded(*filter, "."), ".cba");
  EXPECT_EQ(told, "");
}

TEST(FilterChain, without_filters_changes_nothing) {
  FilterChain none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(decoded(none, "abc"), "abc");
  EXPECT_EQ(encoded(none, "abc"), "abc");
  EXPECT_FALSE(none.needs_every_message());
}

TEST(FilterChain, undoes_what_a_chain_like_it_has_done) {
  const MakeFilter all = chain({start_end_filter({}), checksum_filter({}), deflate_filter({.keeps_context = true})});
  const auto here = all();
  const auto there = all();
  for (const std::string body : {"one", "", "three"}) EXPECT_EQ(decoded(*there, encoded(*here, body)), body);
}

TEST(FilterChain, ends_with_the_filter_that_lets_nothing_on) {
  std::string told;
  const auto filter = chain({letter('a', told), letter('b', told), letter('c', told)})();
  EXPECT_EQ(filter->decode("b!").kind(), Kind::dropped);
  EXPECT_EQ(filter->decode("b!").sentence(), "no shouting");
}

TEST(FilterChain, those_that_encoded_a_refused_message_hear_of_it) {
  std::string told;
  const auto filter = chain({letter('a', told), letter('b', told), letter('c', told), letter('d', told)})();
  EXPECT_EQ(filter->encode("b!").kind(), Kind::dropped);
  EXPECT_EQ(told, "cd");
  filter->not_sent();
  EXPECT_EQ(told, "cdabcd");
}

TEST(FilterChain, those_that_encoded_what_another_has_thrown_for_hear_of_it) {
  struct Throwing final : Filter {
    FilterResult decode(Message message) override { return message; }
    FilterResult encode(Message) override { throw std::runtime_error{"as it was told to"}; }
  };
  std::string told;
  const auto filter =
      chain({letter('a', told), [] { return std::make_unique<Throwing>(); }, letter('c', told), letter('d', told)})();
  EXPECT_THROW((void)filter->encode("b"), std::runtime_error);
  EXPECT_EQ(told, "cd");
}

TEST(FilterChain, drops_nothing_that_a_later_filter_builds_on) {
  const MakeFilter noisy = checksum_filter({.kind = ChecksumKind::xor8, .on_bad_message = OnBadMessage::drop});
  const auto each = chain({noisy, deflate_filter({})})();
  EXPECT_EQ(each->decode("a_").kind(), Kind::dropped);
  const auto stream = chain({noisy, deflate_filter({.keeps_context = true})})();
  EXPECT_TRUE(stream->needs_every_message());
  const FilterResult result = stream->decode("a_");
  EXPECT_EQ(result.kind(), Kind::failed);
  EXPECT_EQ(result.code(), error::malformed);
  EXPECT_EQ(result.sentence(),
            "a message was dropped that the next ones build on: the checksum xor of a message of 1 bytes is 0x61, and "
            "0x5F came with it");
}

TEST(FilterChain, may_drop_what_no_later_filter_builds_on) {
  const auto filter = chain({deflate_filter({.keeps_context = true}),
                             checksum_filter({.kind = ChecksumKind::xor8, .on_bad_message = OnBadMessage::drop})})();
  const auto peer = deflate_filter({.keeps_context = true})();
  EXPECT_EQ(filter->decode(encoded(*peer, "a_")).kind(), Kind::dropped);
  EXPECT_EQ(decoded(*filter, encoded(*peer, "aa")), "a");
}

TEST(FilterChain, is_a_filter_of_a_chain) {
  std::string told;
  const auto filter = chain({letter('a', told), chain({letter('b', told), letter('c', told)})})();
  EXPECT_EQ(decoded(*filter, "."), ".abc");
  EXPECT_EQ(encoded(*filter, "."), ".cba");
}

TEST(FilterChain, refuses_filters_that_are_none) {
  EXPECT_THROW((void)chain({MakeFilter{}}), std::invalid_argument);
  const std::vector<MakeFilter> makes_nothing{[] { return std::unique_ptr<Filter>{}; }};
  EXPECT_THROW((FilterChain{makes_nothing}), std::invalid_argument);
}

}  // namespace
}  // namespace parley::app
