// What is wrong with a value is said in the same words by JSON and MessagePack: each payload below is given to both.
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>

#include "support/codec_values.hpp"
#include "support/rejection.hpp"

#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <string>

namespace parley::test {
namespace {

template <class T>
std::string by_json(const char* json, bool strict) {
  return rejection<T>(Json{.strict = strict}, json);
}

/// The same value in another format.
template <class T, class C>
std::string by(C codec, const char* json) {
  const auto value = Json{}.decode<boost::json::value>(json);
  return rejection<T>(codec, codec.encode(value));
}

struct Wrong {
  std::string (*json)(const char*, bool strict);
  std::string (*message_pack)(MessagePack, const char*);
  std::string (*pickle)(PythonPickle, const char*);
  const char* payload;
  const char* sentence;
  bool strict = false;
};

template <class T>
Wrong wrong(const char* payload, const char* sentence, bool strict = false) {
  return {&by_json<T>, &by<T, MessagePack>, &by<T, PythonPickle>, payload, sentence, strict};
}

using Numbers = std::map<int, std::vector<double>>;
using Pair = std::pair<int, std::string>;
using Either = std::variant<int, std::string, std::vector<bool>>;

const std::vector<Wrong> all_wrong{
    // each type, at the root
    wrong<bool>("1", "$: expected true or false, found integer 1"),
    wrong<bool>("null", "$: expected true or false, found null"),
    wrong<bool>(R"("true")", R"($: expected true or false, found string "true")"),
    wrong<int>("true", "$: expected an integer, found true"),
    wrong<int>("1.5", "$: expected an integer, found number 1.5"),
    wrong<int>("1e2", "$: expected an integer, found number 100"),
    wrong<int>("[]", "$: expected an integer, found an array"),
    wrong<int>("{}", "$: expected an integer, found an object"),
    wrong<int>("2147483648", "$: 2147483648 is out of range (-2147483648 to 2147483647)"),
    wrong<int>("-2147483649", "$: -2147483649 is out of range (-2147483648 to 2147483647)"),
    wrong<int>("18446744073709551615", "$: 18446744073709551615 is out of range (-2147483648 to 2147483647)"),
    wrong<std::int8_t>("128", "$: 128 is out of range (-128 to 127)"),
    wrong<std::uint8_t>("256", "$: 256 is out of range (0 to 255)"),
    wrong<std::uint8_t>("-1", "$: -1 is out of range (0 to 255)"),
    wrong<std::int16_t>("40000", "$: 40000 is out of range (-32768 to 32767)"),
    wrong<std::uint16_t>("65536", "$: 65536 is out of range (0 to 65535)"),
    wrong<std::uint32_t>("4294967296", "$: 4294967296 is out of range (0 to 4294967295)"),
    wrong<std::uint64_t>("-5", "$: -5 is out of range (0 to 18446744073709551615)"),
    wrong<std::int64_t>("9223372036854775808",
                        "$: 9223372036854775808 is out of range (-9223372036854775808 to 9223372036854775807)"),
    wrong<double>(R"("1.5")", R"($: expected a number, found string "1.5")"),
    wrong<double>("false", "$: expected a number, found false"),
    wrong<float>("1e39", "$: 1e+39 is out of range (a float ends at 3.4028235e+38)"),
    wrong<std::string>("12", "$: expected a string, found integer 12"),
    wrong<std::string>("null", "$: expected a string, found null"),
    wrong<std::string>("0.25", "$: expected a string, found number 0.25"),
    wrong<std::vector<std::byte>>("3", "$: expected a byte string, found integer 3"),
    wrong<Message>("[1]", "$: expected a byte string, found an array"),
    wrong<Colour>(R"("purple")", R"($: "purple" is none of red, green, blue)"),
    wrong<Colour>("1", "$: expected a name, found integer 1"),
    wrong<std::chrono::milliseconds>(R"("5ms")", R"($: expected an integer, found string "5ms")"),
    wrong<std::chrono::milliseconds>("0.5", "$: expected an integer, found number 0.5"),
    wrong<std::chrono::duration<double>>("[]", "$: expected a number, found an array"),
    wrong<std::monostate>("0", "$: expected null, found integer 0"),
    wrong<std::optional<int>>(R"("x")", R"($: expected an integer, found string "x")"),
    wrong<Either>("null", "$: expected an integer, a string or an array, found null"),
    wrong<Either>("1.5", "$: expected an integer, a string or an array, found number 1.5"),
    wrong<Either>("[true, 2]", "$[1]: expected true or false, found integer 2"),
    wrong<Either>("3000000000", "$: 3000000000 is out of range (-2147483648 to 2147483647)"),
    // elements
    wrong<std::vector<int>>("{}", "$: expected an array, found an object"),
    wrong<std::vector<int>>("[1, null]", "$[1]: expected an integer, found null"),
    wrong<std::vector<bool>>("[true, false, 0]", "$[2]: expected true or false, found integer 0"),
    wrong<std::vector<std::vector<int>>>("[[1], [2, [3]]]", "$[1][1]: expected an integer, found an array"),
    wrong<std::deque<std::string>>(R"(["a", 1])", "$[1]: expected a string, found integer 1"),
    wrong<std::list<double>>(R"([1, 2.5, "x"])", R"($[2]: expected a number, found string "x")"),
    wrong<std::array<int, 3>>("[1, 2]", "$: expected an array of 3, found 2 elements"),
    wrong<std::array<int, 3>>("[1, 2, 3, 4]", "$: expected an array of 3, found more elements"),
    wrong<std::array<int, 3>>("[1, 2, true]", "$[2]: expected an integer, found true"),
    wrong<std::array<int, 3>>("7", "$: expected an array of 3, found integer 7"),
    wrong<Pair>("[1]", "$: expected an array of 2, found 1 element"),
    wrong<Pair>("[1, 2]", "$[1]: expected a string, found integer 2"),
    wrong<std::tuple<int>>("[]", "$: expected an array of 1, found 0 elements"),
    // fields
    wrong<Item>("[]", "$: expected an object, found an array"),
    wrong<Item>("{}", "$.name: missing"),
    wrong<Item>(R"({"name": "a", "count": 1})", "$.price: missing"),
    wrong<Item>(R"({"name": "a", "price": 1})", "$.count: missing"),
    wrong<Item>(R"({"name": null, "price": 1, "count": 1})", "$.name: expected a string, found null"),
    wrong<Item>(R"({"name": "a", "price": 1, "count": 300})", "$.count: 300 is out of range (0 to 255)"),
    wrong<Item>(R"({"name": "a", "price": 1, "count": 1, "note": 5})", "$.note: expected a string, found integer 5"),
    wrong<Item>(R"({"name": "a", "price": 1, "count": 1, "colour": 5})", "$.colour: unknown field", true),
    wrong<Item>(R"({"name": "a", "price": 1, "count": 1, "": 5})", R"($[""]: unknown field)", true),
    wrong<Item>(R"({"name": "a", "price": 1, "count": 1, "a b\n": 5})", R"($["a b\n"]: unknown field)", true),
    wrong<Order>(R"({"items": [], "stock": {}})", "$.id: missing"),
    wrong<Order>(R"({"id": 1.5, "items": [], "stock": {}})", "$.id: expected an integer, found number 1.5"),
    wrong<Order>(R"({"id": 1, "items": {}, "stock": {}})", "$.items: expected an array, found an object"),
    wrong<Order>(R"({"id": 1, "items": [7], "stock": {}})", "$.items[0]: expected an object, found integer 7"),
    wrong<Order>(R"({"id": 1, "items": [{"name": "a", "price": 1, "count": 1}, {"name": "b", "price": "x"}]})",
                 R"($.items[1].price: expected a number, found string "x")"),
    wrong<Order>(R"({"id": 1, "items": [{"name": "a", "price": 1, "count": 1}, {}]})", "$.items[1].name: missing"),
    wrong<Order>(R"({"id": 1, "items": [{"name": "a", "price": 1, "count": 1, "x": 0}], "stock": {}})",
                 "$.items[0].x: unknown field", true),
    wrong<Order>(R"({"id": 1, "items": [], "stock": {"nails": true}})",
                 "$.stock.nails: expected an integer, found true"),
    wrong<Order>(R"({"id": 1, "items": [], "stock": {"long nails": {}}})",
                 R"($.stock["long nails"]: expected an integer, found an object)"),
    wrong<Tree>(R"({"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]})",
                R"($.children[0].children[0].value: expected an integer, found string "x")"),
    wrong<Account>(R"({"balance": 1})", "$.balance_: missing"),
    // maps
    wrong<std::map<Colour, int>>(R"({"pink": 1})",
                                 R"($.pink: expected a name of the enum as key, found string "pink")"),
    wrong<std::map<Colour, int>>(R"({"red": 1, "blue": "x"})", R"($.blue: expected an integer, found string "x")"),
    wrong<Numbers>(R"({"one": []})", R"($.one: expected an integer in range as key, found string "one")"),
    wrong<std::unordered_map<std::string, Pair>>(R"({"a": [1, null]})", "$.a[1]: expected a string, found null"),
    // what is found is cut and escaped
    wrong<int>(R"("0123456789012345678901234567890123456789 and more")",
               R"($: expected an integer, found string "0123456789012345678901234567890123456789…")"),
    wrong<int>(R"("a\"\\\u0007\u007f")", R"($: expected an integer, found string "a\"\\\x07\x7f")"),
    wrong<int>(R"("ééééééééééééééééééééé")", R"($: expected an integer, found string "éééééééééééééééééééé…")"),
};

TEST(RejectedValues, are_many) { EXPECT_GE(all_wrong.size(), 70U); }

TEST(RejectedValues, say_by_json_where_and_why) {
  for (const Wrong& each : all_wrong) EXPECT_EQ(each.json(each.payload, each.strict), each.sentence) << each.payload;
}

TEST(RejectedValues, say_by_message_pack_where_and_why) {
  for (const Wrong& each : all_wrong) {
    MessagePack codec;
    codec.strict = each.strict;
    EXPECT_EQ(each.message_pack(codec, each.payload), each.sentence) << each.payload;
  }
}

TEST(RejectedValues, say_by_pickle_where_and_why) {
  for (const Wrong& each : all_wrong) {
    PythonPickle codec;
    codec.strict = each.strict;
    EXPECT_EQ(each.pickle(codec, each.payload), each.sentence) << each.payload;
  }
}

TEST(RejectedValues, are_only_unknown_fields_when_strict) {
  for (const Wrong& each : all_wrong) {
    if (each.strict) {
      EXPECT_EQ(each.json(each.payload, false), "accepted") << each.payload;
    }
  }
}

}  // namespace
}  // namespace parley::test
