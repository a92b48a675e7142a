#include <parley/app/filters/start_end.hpp>

#include "support/filtering.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

namespace parley::app {
namespace {

using namespace std::string_literals;
using test::decoded;
using test::encoded;

TEST(StartEndFilter, adds_and_removes_its_bytes) {
  const auto filter = start_end_filter({})();
  EXPECT_EQ(encoded(*filter, "abc"), "\x02"s + "abc\x03");
  EXPECT_EQ(decoded(*filter, "\x02"s + "abc\x03"), "abc");
}

TEST(StartEndFilter, a_body_may_be_empty_or_contain_the_bytes) {
  const auto filter = start_end_filter({.start = "<<", .end = ">"})();
  for (const std::string body : {"", "<<>", ">>", "<"}) EXPECT_EQ(decoded(*filter, encoded(*filter, body)), body);
}

TEST(StartEndFilter, either_side_may_have_none) {
  EXPECT_EQ(encoded(*start_end_filter({.start = ""})(), "abc"), "abc\x03");
  EXPECT_EQ(decoded(*start_end_filter({.start = "$", .end = ""})(), "$abc"), "abc");
}

TEST(StartEndFilter, refuses_a_message_without_them) {
  const auto filter = start_end_filter({.start = "aa", .end = "a"})();
  for (const std::string body : {"", "a", "aa", "aab", "baa"}) {
    const FilterResult result = filter->decode(body);
    EXPECT_EQ(result.kind(), FilterResult::Kind::failed) << body;
    EXPECT_EQ(result.code(), error::malformed);
  }
  EXPECT_EQ(filter->decode("aa").sentence(), "message of 2 bytes does not have its start and end bytes");
  EXPECT_EQ(decoded(*filter, "aaa"), "");
}

TEST(StartEndFilter, drops_it_where_told) {
  const auto filter = start_end_filter({.on_bad_message = OnBadMessage::drop})();
  EXPECT_EQ(filter->decode("noise").kind(), FilterResult::Kind::dropped);
}

}  // namespace
}  // namespace parley::app
