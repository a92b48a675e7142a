#include <parley/wire/utf8.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>

namespace parley::wire {
namespace {

using namespace std::string_literals;

TEST(Utf8, knows_what_is_valid) {
  for (const std::string& good :
       {""s, "a"s, "é"s, "€"s, "😀"s, "\xf4\x8f\xbf\xbf"s, "\xed\x9f\xbf"s, "\0"s, "0123456789é0123456789"s})
    EXPECT_EQ(valid_utf8_size(good), good.size()) << good;
  const std::pair<std::string, std::size_t> bad[] = {
      {"\x80", 0},         {"\xc0\x80", 0},         {"\xc1\xbf", 0},         {"\xe0\x9f\xbf", 0},
      {"\xed\xa0\x80", 0}, {"\xf0\x8f\xbf\xbf", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0},
      {"ab\xc3", 2},       {"\xe2\x82", 0},         {"\xf0\x9f\x98", 0},     {"01234567\xff", 8},
      {"é\xe2\x28\xa1", 2}};
  for (const auto& [text, size] : bad) EXPECT_EQ(valid_utf8_size(text), size);
}

}  // namespace
}  // namespace parley::wire
