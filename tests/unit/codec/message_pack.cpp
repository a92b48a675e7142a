#include <parley/codec/message_pack.hpp>

#include <parley/codec/python_pickle.hpp>

#include "support/codec_values.hpp"
#include "support/rejection.hpp"

#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace parley::test {
namespace {

using namespace std::string_literals;

/// Encodes to just these bytes, and comes back from them.
template <class T>
void expect_bytes(const T& value, const std::string& bytes) {
  EXPECT_EQ(MessagePack{}.encode(value).text(), bytes);
  EXPECT_EQ(MessagePack{}.decode<T>(bytes), value);
}

TEST(MessagePack, writes_integers_in_the_shortest_form) {
  expect_bytes(0, "\x00"s);
  expect_bytes(127, "\x7f");
  expect_bytes(128, "\xcc\x80");
  expect_bytes(255, "\xcc\xff");
  expect_bytes(256, "\xcd\x01\x00"s);
  expect_bytes(65'535, "\xcd\xff\xff");
  expect_bytes(65'536, "\xce\x00\x01\x00\x00"s);
  expect_bytes(4'294'967'295U, "\xce\xff\xff\xff\xff");
  expect_bytes(4'294'967'296, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"s);
  expect_bytes(std::numeric_limits<std::uint64_t>::max(), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
  expect_bytes(-1, "\xff");
  expect_bytes(-32, "\xe0");
  expect_bytes(-33, "\xd0\xdf");
  expect_bytes(-128, "\xd0\x80");
  expect_bytes(-129, "\xd1\xff\x7f");
  expect_bytes(-32'768, "\xd1\x80\x00"s);
  expect_bytes(-32'769, "\xd2\xff\xff\x7f\xff");
  expect_bytes(std::numeric_limits<std::int32_t>::min(), "\xd2\x80\x00\x00\x00"s);
  expect_bytes(std::int64_t{-2'147'483'649}, "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff");
  expect_bytes(std::numeric_limits<std::int64_t>::min(), "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"s);
}

TEST(MessagePack, reads_integers_in_longer_forms_than_necessary) {
  for (const std::string& five : {"\x05"s, "\xcc\x05"s, "\xcd\x00\x05"s, "\xce\x00\x00\x00\x05"s, "\xd0\x05"s,
                                  "\xcf\x00\x00\x00\x00\x00\x00\x00\x05"s, "\xd1\x00\x05"s, "\xd2\x00\x00\x00\x05"s,
                                  "\xd3\x00\x00\x00\x00\x00\x00\x00\x05"s}) {
    EXPECT_EQ(MessagePack{}.decode<std::uint8_t>(five), 5);
    EXPECT_EQ(MessagePack{}.decode<double>(five), 5.0);
  }
}

TEST(MessagePack, writes_everything_else_as_the_specification_says) {
  expect_bytes(std::optional<int>{}, "\xc0");
  expect_bytes(false, "\xc2");
  expect_bytes(true, "\xc3");
  expect_bytes(1.5F, "\xca\x3f\xc0\x00\x00"s);
  expect_bytes(1.5, "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"s);
  expect_bytes(""s, "\xa0");
  expect_bytes("abc"s,
               "\xa3"
               "abc");
  expect_bytes(std::string(31, 'x'), "\xbf" + std::string(31, 'x'));
  expect_bytes(std::string(32, 'x'), "\xd9\x20" + std::string(32, 'x'));
  expect_bytes(std::string(256, 'x'), "\xda\x01\x00"s + std::string(256, 'x'));
  expect_bytes(std::string(65'536, 'x'), "\xdb\x00\x01\x00\x00"s + std::string(65'536, 'x'));
  expect_bytes(Message{"ab"},
               "\xc4\x02"
               "ab");
  expect_bytes(Message{std::string(256, 'x')}, "\xc5\x01\x00"s + std::string(256, 'x'));
  expect_bytes(Message{std::string(65'536, 'x')}, "\xc6\x00\x01\x00\x00"s + std::string(65'536, 'x'));
  expect_bytes(std::vector<int>{}, "\x90");
  expect_bytes(std::vector<int>(15, 1), "\x9f" + std::string(15, '\1'));
  expect_bytes(std::vector<int>(16, 1), "\xdc\x00\x10"s + std::string(16, '\1'));
  expect_bytes(std::vector<int>(65'536, 1), "\xdd\x00\x01\x00\x00"s + std::string(65'536, '\1'));
  expect_bytes(std::map<std::string, int>{{"a", 1}, {"b", 2}},
               "\x82\xa1"
               "a\x01\xa1"
               "b\x02");
  expect_bytes(std::map<int, bool>{{-1, true}, {300, false}}, "\x82\xff\xc3\xcd\x01\x2c\xc2");
  expect_bytes(Item{"a", 0.5, 3, {}},
               "\x84\xa4name\xa1"
               "a\xa5price\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00\xa5"
               "count\x03\xa4note\xc0"s);
  std::string map16 = "\xde\x00\x10"s;
  std::map<int, int> sixteen;
  for (char i = 0; i < 16; ++i) (map16 += i) += i, sixteen[i] = i;
  expect_bytes(sixteen, map16);
}

TEST(MessagePack, shares_the_memory_of_byte_strings) {
  const Message payload = MessagePack{}.encode(Message{std::string(1000, 'x')});
  const auto inside = MessagePack{}.decode<Message>(payload);
  EXPECT_EQ(inside.data(), payload.data() + 3);
}

TEST(MessagePack, reads_into_a_document) {
  const auto value = MessagePack{}.decode<boost::json::value>(
      "\x82\xa1"
      "a\x92\xc4\x05"
      "hello\xc0\x05\xff");
  EXPECT_EQ(value, (boost::json::value{{"a", {"aGVsbG8=", nullptr}}, {"5", -1}}));
}

TEST(MessagePack, says_where_the_bytes_break_the_rules) {
  using Lists = std::vector<std::vector<std::string>>;
  EXPECT_EQ(rejection<Lists>(MessagePack{}, ""), "$: the payload is empty");
  EXPECT_EQ(rejection<Lists>(MessagePack{}, "\xc1"), "byte 0: 0xc1 begins no value of MessagePack");
  EXPECT_EQ(rejection<Lists>(MessagePack{},
                             "\x91\x92\xa1"
                             "a\xc1"),
            "byte 4 (after $[0][0]): 0xc1 begins no value of MessagePack");
  EXPECT_EQ(rejection<Lists>(MessagePack{}, "\x91\x90\x07"), "byte 2: 1 more bytes follow after the value");
  EXPECT_EQ(rejection<Lists>(MessagePack{}, "\x93\x90"), "byte 1: an array of 3 is announced, but only 1 bytes follow");
  EXPECT_EQ(rejection<Lists>(MessagePack{},
                             "\x91\x91\xa5"
                             "ab"),
            "byte 3 (after $[0]): a string of 5 is announced, but only 2 bytes follow");
  EXPECT_EQ(rejection<Lists>(MessagePack{}, "\xdd\x00\x01"s), "byte 3: the payload ends inside a value");
  EXPECT_EQ(rejection<Message>(MessagePack{}, "\xc6\xff\xff\xff\xff"),
            "byte 5: a byte string of 4294967295 is announced, but only 0 bytes follow");
  EXPECT_EQ(rejection<int>(MessagePack{}, "\xcd\x01"), "byte 2: the payload ends inside a value");
  EXPECT_EQ(rejection<double>(MessagePack{}, "\xcb\x01"), "byte 2: the payload ends inside a value");
  EXPECT_EQ(rejection<int>(MessagePack{}, "\xd6\xff\x01\x02\x03\x04"),
            "byte 1: an extension of type -1 (a timestamp), which is not supported");
  EXPECT_EQ(rejection<int>(MessagePack{}, "\xc7\x01\x05x"), "byte 2: an extension of type 5, which is not supported");
  EXPECT_EQ(rejection<std::string>(MessagePack{},
                                   "\xa2"
                                   "a\xff"),
            "$: a string is not valid UTF-8 at its byte 1");
  using Map = std::map<std::string, int>;
  EXPECT_EQ(rejection<Map>(MessagePack{}, "\x81\xa1\xff\x01"), "$: a string is not valid UTF-8 at its byte 0");
  EXPECT_EQ(rejection<Map>(MessagePack{}, "\x81\xc0\x01"),
            "byte 1 (after $): a key that is neither a string nor an integer");
  EXPECT_EQ(rejection<Map>(MessagePack{}, "\x81\xd9\x09\x01"),
            "byte 3 (after $): a string of 9 is announced, but only 1 bytes follow");
}

TEST(MessagePack, rejects_keys_that_do_not_fit) {
  using Map = std::map<std::string, int>;
  using Numbers = std::map<std::int8_t, int>;
  EXPECT_EQ(rejection<Map>(MessagePack{}, "\x81\x05\x01"), "$[5]: expected a string as key, found integer 5");
  EXPECT_EQ(rejection<Numbers>(MessagePack{}, "\x81\xcc\xff\x01"),
            "$[255]: expected an integer in range as key, found integer 255");
  EXPECT_EQ(rejection<Numbers>(MessagePack{},
                               "\x81\xa1"
                               "5\x01"),
            R"($["5"]: expected an integer in range as key, found string "5")");
  EXPECT_EQ(rejection<Numbers>(MessagePack{}, "\x82\x05\x01\x05\x01"), "$[5]: the key is there twice");
  EXPECT_EQ(rejection<Map>(MessagePack{},
                           "\x82\xa1"
                           "a\x01\xa1"
                           "a\x01"),
            "$.a: the key is there twice");
  EXPECT_EQ(rejection<Item>(MessagePack{}, "\x82\xa4name\xa0\xa4name\xa0"), "$.name: the field is there twice");
  EXPECT_EQ(rejection<Item>(MessagePack{}, "\x81\x07\x01"), "$: expected a string as key, found integer 7");
  EXPECT_EQ(rejection<std::string>(MessagePack{}, "\xc4\x01x"), "$: expected a string, found byte string of 1 byte");
  EXPECT_EQ(rejection<Message>(MessagePack{}, "\xa1x"), R"($: expected a byte string, found string "x")");
}

TEST(MessagePack, takes_no_memory_on_an_announcement) {
  const std::string ten_million_keys =
      "\xdf\x00\x98\x96\x80\xa1"
      "a\x01"s;
  using Map = std::map<std::string, int>;
  EXPECT_EQ(rejection<Map>(MessagePack{}, ten_million_keys),
            "byte 5: an object of 10000000 is announced, but only 3 bytes follow");
  EXPECT_EQ(rejection<std::vector<Item>>(MessagePack{}, "\xdd\xff\xff\xff\xff\x80"),
            "byte 5: an array of 4294967295 is announced, but only 1 bytes follow");
}

TEST(MessagePack, bounds_what_is_decoded) {
  // One byte each, and large when decoded.
  const std::string nulls = "\xdd\x00\x98\x96\x80"s + std::string(10'000'000, '\xc0');
  EXPECT_EQ(rejection<std::vector<std::optional<Item>>>(MessagePack{}, nulls).substr(0, 2), "$[");
  EXPECT_EQ(rejection<boost::json::value>(MessagePack{}, std::string(1000, '\x91')).substr(0, 6), "$[0][0");
  std::string keys = "\xdf\x00\x98\x96\x80"s;
  for (std::uint32_t i = 0; i < 10'000'000; ++i)
    keys += {
        '\xce', static_cast<char>(i >> 24), static_cast<char>(i >> 16), static_cast<char>(i >> 8), static_cast<char>(i),
        '\0'};
  using Numbers = std::map<std::uint32_t, int>;
  MessagePack small;
  small.decoded_size_max = 32 * limits::mib;
  EXPECT_EQ(rejection<Numbers>(small, keys),
            "$[838859]: the decoded value would take more than 33554432 bytes of memory");
}

TEST(MessagePack, bounds_containers_that_take_more_than_their_elements) {
  MessagePack small;
  small.decoded_size_max = limits::mib;
  const std::string ones = "\xdd\x00\x0f\x42\x40"s + std::string(1'000'000, '\1');
  EXPECT_EQ(rejection<std::vector<std::int8_t>>(small, ones), "accepted");
  EXPECT_EQ(rejection<std::list<std::int8_t>>(small, ones).substr(0, 2), "$[") << "each is a node";
  const std::string empty_ones = "\xdc\x27\x10"s + std::string(10'000, '\x90');
  EXPECT_EQ(rejection<std::vector<std::list<int>>>(small, empty_ones), "accepted");
  EXPECT_EQ(rejection<std::vector<std::deque<int>>>(small, empty_ones).substr(0, 2), "$[") << "each has a block";
}

TEST(MessagePack, guesses_what_else_a_payload_is) {
  EXPECT_EQ(rejection<Item>(MessagePack{}, R"({"name": "a"})"), "$: this looks like JSON, not MessagePack");
  EXPECT_EQ(rejection<Item>(MessagePack{}, PythonPickle{}.encode(Item{})),
            "$: this looks like a Python pickle (protocol 4), not MessagePack");
}

}  // namespace
}  // namespace parley::test
