#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>

#include "support/codec_values.hpp"
#include "support/rejection.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace parley::test {
namespace {

TEST(Json, writes_without_blanks_in_the_order_of_the_members) {
  const Order order{{7}, {{"a \"b\"", 1.5, 2, {}}}, {{"nails", 3}}};
  EXPECT_EQ(Json{}.encode(order).view(),
            R"({"id":7,"items":[{"name":"a \"b\"","price":1.5,"count":2,"note":null}],"stock":{"nails":3}})");
}

TEST(Json, writes_reals_so_that_they_are_read_as_reals) {
  EXPECT_EQ(Json{}.encode(std::vector<double>{1, -0.0, 1e300, 0.1, 5e-324}).view(), "[1.0,-0.0,1e+300,0.1,5e-324]");
  EXPECT_EQ(Json{}.encode(0.1F).view(), "0.1");
}

TEST(Json, writes_byte_strings_as_base64_and_integer_keys_as_text) {
  EXPECT_EQ(Json{}.encode(Message{"hello"}).view(), R"("aGVsbG8=")");
  EXPECT_EQ(Json{}.encode(std::map<int, bool>{{-1, true}}).view(), R"({"-1":true})");
}

TEST(Json, escapes_what_has_to_be) {
  EXPECT_EQ(Json{}.encode(std::string{"\"\\/\b\f\n\r\t\x01\x1f\x7f é"}).view(),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\"");
}

TEST(Json, refuses_to_write_what_json_has_not) {
  const auto refusal = [](const auto& value) -> std::string {
    try {
      static_cast<void>(Json{}.encode(value));
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "written";
  };
  EXPECT_EQ(refusal(std::numeric_limits<double>::infinity()), "cannot encode: inf has no form in JSON");
  EXPECT_EQ(refusal(Item{"a", std::numeric_limits<double>::quiet_NaN(), 1, {}}),
            R"(cannot encode: nan has no form in JSON (at or after "price"))");
  EXPECT_EQ(refusal(Item{"\xff", 1, 1, {}}),
            R"(cannot encode: a string is not valid UTF-8 at its byte 0; bytes that are not text go into a )"
            R"(std::vector<std::byte> (at or after "name"))");
  EXPECT_EQ(refusal(static_cast<Colour>(9)),
            "cannot encode: 9 is the value of no enumerator (none of red, green, blue)");
  Tree deep;
  for (int i = 0; i < 40; ++i) deep = Tree{i, {deep}};
  EXPECT_EQ(refusal(deep), R"(cannot encode: nested deeper than 64 arrays and objects (at or after "children"))");
}

TEST(Json, skips_unknown_fields_of_any_kind) {
  const auto item = Json{}.decode<Item>(
      R"({"x": {"y": [1, "\n", null, {"z": [[]]}]}, "name": "a", "count": 1, "w": -1.5e3, "price": 2, "v": ""})");
  EXPECT_EQ(item, (Item{"a", 2, 1, {}}));
}

TEST(Json, reads_escapes_and_surrogate_pairs) {
  EXPECT_EQ(Json{}.decode<std::string>(R"("a\u00e9\ud83d\ude00\n\/ b")"), "aé😀\n/ b");
  using Names = std::vector<std::string>;
  EXPECT_EQ(Json{}.decode<Names>(R"(["\n", "x", "y\t", "", "\t"])"), (Names{"\n", "x", "y\t", "", "\t"}));
  using Stock = std::map<std::string, int>;
  EXPECT_EQ(Json{}.decode<Stock>(R"({"a\nb": 1, "a": 2, "\"": 3})"), (Stock{{"a\nb", 1}, {"a", 2}, {"\"", 3}}));
}

TEST(Json, reads_every_real_exactly) {
  for (const char* text : {"0.1", "2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993.0",
                           "123456789012345678901234567890", "0.30000000000000004", "5e-324", "1e-400"})
    EXPECT_EQ(Json{}.decode<double>(text), std::strtod(text, nullptr)) << text;
}

TEST(Json, reads_into_a_document_when_asked_to) {
  const char* const text = R"({"a":[1,-1,18446744073709551615,1.5,"x",null,true,{}],"b":{"c":[]}})";
  EXPECT_EQ(Json{}.decode<boost::json::value>(text), boost::json::parse(text));
  EXPECT_EQ(Json{}.encode(boost::json::parse(text)).view(), text);
}

TEST(Json, says_where_the_text_breaks_the_rules) {
  using Lists = std::vector<std::vector<int>>;
  EXPECT_EQ(rejection<Lists>(Json{}, ""), "$: the payload is empty");
  EXPECT_EQ(rejection<Lists>(Json{}, "  "), "byte 2: the JSON ends too early");
  EXPECT_EQ(rejection<Lists>(Json{}, "[[1], [2"), "byte 8 (after $[1][0]): the JSON ends too early");
  EXPECT_EQ(rejection<Lists>(Json{}, "[[1], [2,]]"), "byte 9 (after $[1][0]): not JSON (syntax error)");
  EXPECT_EQ(rejection<Lists>(Json{}, "[[1]] x"), "byte 6: more follows after the value");
  EXPECT_EQ(rejection<Lists>(Json{}, "[[1]][]"), "byte 5: more follows after the value");
  EXPECT_EQ(rejection<std::string>(Json{}, "\"a\xff\""), "byte 2: not JSON (syntax error)");
  EXPECT_EQ(rejection<std::string>(Json{}, "'a'"), "byte 0: not JSON (syntax error)");
  EXPECT_EQ(rejection<Order>(Json{}, "{\"id\": 1, \"items\": [{\"name\": \"a\", \"price\": 01"),
            "byte 44 (after $.items[0].price): not JSON (syntax error)");
  EXPECT_EQ(rejection<bool>(Json{}, "tru"), "byte 3: the JSON ends too early");
  EXPECT_EQ(rejection<bool>(Json{}, "trux"), "byte 3: not JSON (syntax error)");
  const std::string long_text = "[" + std::string(10'000, ' ') + "!]";
  EXPECT_EQ(rejection<Lists>(Json{}, long_text), "byte 10001 (after $): not JSON (syntax error)");
}

TEST(Json, rejects_what_is_there_twice) {
  EXPECT_EQ(rejection<Item>(Json{}, R"({"name": "a", "price": 1, "name": "b"})"), "$.name: the field is there twice");
  using Stock = std::map<std::string, int>;
  EXPECT_EQ(rejection<Stock>(Json{}, R"({"a": 1, "b": 2, "a": 1})"), "$.a: the key is there twice");
  using Numbers = std::map<int, int>;
  EXPECT_EQ(rejection<Numbers>(Json{}, R"({"1": 1, "01": 2})"), "$[1]: the key is there twice");
  EXPECT_EQ(rejection<boost::json::value>(Json{}, R"({"x": [{"a": 1, "a": 1}]})"), "$.x[0].a: the key is there twice");
}

TEST(Json, rejects_keys_and_base64_that_are_none) {
  using Small = std::map<std::int8_t, int>;
  EXPECT_EQ(rejection<Small>(Json{}, R"({"300": 1})"),
            R"($["300"]: expected an integer in range as key, found string "300")");
  EXPECT_EQ(rejection<Message>(Json{}, R"("a")"), R"($: expected base64, found string "a")");
  EXPECT_EQ(rejection<Message>(Json{}, R"("aGVsbG8")"), R"($: expected base64, found string "aGVsbG8")");
  EXPECT_EQ(rejection<Message>(Json{}, R"("aGV=bG8=")"), R"($: expected base64, found string "aGV=bG8=")");
  EXPECT_EQ(rejection<Message>(Json{}, R"("aGVsbG9=")"), R"($: expected base64, found string "aGVsbG9=")");
}

TEST(Json, bounds_nesting_and_memory) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::string path = "$";
  for (int i = 0; i < 64; ++i) path += "[0]";
  EXPECT_EQ(rejection<boost::json::value>(Json{}, deep), path + ": nested deeper than 64 arrays and objects");
  const std::string as_field = R"({"name": "a", "x": )" + deep + "}";
  EXPECT_EQ(rejection<Item>(Json{}, as_field).substr(0, 20), "$.(unknown field)[0]");
  Json small;
  small.decoded_size_max = 1000;
  EXPECT_EQ(rejection<std::vector<std::string>>(small, "[" + std::string(200, ' ') + R"("a","b"])"), "accepted");
  std::string many = "[\"\"";
  for (int i = 0; i < 50; ++i) many += ",\"\"";
  EXPECT_EQ(rejection<std::vector<std::string>>(small, many + "]"),
            "$[31]: the decoded value would take more than 1000 bytes of memory");
  small.depth_max = 2;
  EXPECT_EQ(rejection<boost::json::value>(small, "[[[]]]"), "$[0][0]: nested deeper than 2 arrays and objects");
}

TEST(Json, guesses_what_else_a_payload_is) {
  EXPECT_EQ(rejection<Item>(Json{}, PythonPickle{}.encode(Item{})),
            "$: this looks like a Python pickle (protocol 4), not JSON");
  EXPECT_EQ(rejection<Item>(Json{}, MessagePack{}.encode(Item{})), "$: this looks like MessagePack, not JSON");
  EXPECT_EQ(rejection<Item>(Json{}, "GET / HTTP/1.1\r\n"), "$: this looks like HTTP, not JSON");
  EXPECT_EQ(rejection<Item>(Json{}, "<html></html>"), "$: this looks like XML or HTML, not JSON");
  EXPECT_EQ(rejection<Item>(Json{}, "\x1f\x8b\x08"), "$: this looks like gzip, not JSON");
  EXPECT_EQ(rejection<Item>(Json{}, "\xff\xfe{"), "$: this looks like UTF-16, not JSON");
}

}  // namespace
}  // namespace parley::test
