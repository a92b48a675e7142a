#include <parley/wire/request_metadata.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test::request_metadata_tests {
namespace {

using wire::RequestId;
using wire::RequestMetadata;
using wire::RequestMetadataScan;
using wire::RequestType;

/// All that is read, or where and why not.
std::string summary(std::string_view text) {
  std::string decoded;
  const RequestMetadataScan scan = wire::scan_metadata(text, decoded);
  if (!scan) return std::to_string(scan.offset) + ": " + scan.what;
  const RequestMetadata& read = scan.metadata;
  EXPECT_EQ(text.substr(read.type_begin, read.type_end - read.type_begin),
            std::to_string(static_cast<std::int32_t>(read.type)));
  std::string said = std::string{read.id} + '|' + std::to_string(static_cast<std::int32_t>(read.type));
  if (read.has_route) said += '|' + std::string{read.route};
  return said;
}

std::string answered(std::string_view request, RequestType type) {
  std::string decoded;
  const RequestMetadataScan scan = wire::scan_metadata(request, decoded);
  EXPECT_TRUE(scan) << scan.what;
  std::string answer(request.size() + wire::answer_growth_max, '?');
  answer.resize(wire::put_answer_metadata(answer.data(), request, scan.metadata, type));
  return answer;
}

std::string written(const RequestId& id, RequestType type, std::string_view quoted_route) {
  std::string text(wire::metadata_size(quoted_route), '?');
  text.resize(wire::put_metadata(text.data(), id, type, quoted_route));
  return text;
}

TEST(RequestMetadata, has_an_id_a_type_and_perhaps_a_route) {
  EXPECT_EQ(summary(R"({"id": "65097e7ae4ca11f1a52102fc00000001", "type": 1})"), "65097e7ae4ca11f1a52102fc00000001|1");
  EXPECT_EQ(summary(R"({"id": "", "type": 2, "route": "note"})"), "|2|note");
  EXPECT_EQ(summary(R"({"type":2})"), "|2") << "without an id";
  EXPECT_EQ(summary(R"({"id":"a","type":11,"route":""})"), "a|11|");
  EXPECT_EQ(summary(R"({"type":-7})"), "|-7");
}

TEST(RequestMetadata, may_be_in_any_order_with_blanks_and_with_more) {
  EXPECT_EQ(summary(" {\n\"route\"\t: \"r\" , \"type\":1,\r\"id\":\"i\"} \n"), "i|1|r");
  EXPECT_EQ(summary(R"({"a":{"type":9,"x":[[],{},[1,{"y":null}]]},"type":1,"b":[true,false,-0.5e-7,"\\"],"id":"i"})"),
            "i|1");
}

TEST(RequestMetadata, decodes_escapes) {
  EXPECT_EQ(summary(R"({"id":"\u0041\"\\\/\b\f\n\r\t","type":1,"route":"\u00e9\ud83d\uDE00é"})"),
            "A\"\\/\b\f\n\r\t|1|é😀é");
  EXPECT_EQ(summary(R"({"\u0069d":"no known key","id":"i","type":1})"), "i|1");
}

struct Refused {
  const char* name;
  std::string text;
  const char* sentence;
};
std::ostream& operator<<(std::ostream& out, const Refused& refused) { return out << refused.name; }

class RefusedMetadata : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedMetadata, is_told_with_its_place) { EXPECT_EQ(summary(GetParam().text), GetParam().sentence); }

const std::vector<Refused> refused{
    {"empty", "", "0: is no JSON object"},
    {"array", "[1]", "0: is no JSON object"},
    {"open", "{", "1: has something else in place of a text"},
    {"no_type", R"({"id": "a"})", "11: has no type"},
    {"type_of_text", R"({"type": "1"})", "9: has something else in place of a whole number of 32 bits"},
    {"type_with_a_fraction", R"({"type": 1.0})", "9: has something else in place of a whole number of 32 bits"},
    {"type_with_an_exponent", R"({"type": 1e0})", "9: has something else in place of a whole number of 32 bits"},
    {"type_too_large", R"({"type": 2147483648})", "9: has something else in place of a whole number of 32 bits"},
    {"type_with_a_zero", R"({"type": 01})", "9: has something else in place of a whole number of 32 bits"},
    {"type_missing_its_value", R"({"type": })", "9: has something else in place of a whole number of 32 bits"},
    {"id_of_a_number", R"({"type": 1, "id": 5})", "18: has something else in place of a text"},
    {"twice", R"({"type": 1, "type": 2})", "20: has a key twice"},
    {"id_twice", R"({"type": 1, "id": "a", "id": "b"})", "29: has a key twice"},
    {"tail", R"({"type": 1} x)", "12: goes on after its end"},
    {"no_colon", R"({"type" 1})", "8: lacks a colon behind a key"},
    {"no_comma", R"({"type": 1 "id": ""})", "11: lacks a comma or the end of the object"},
    {"comma_too_many", R"({"type": 1,})", "11: has something else in place of a text"},
    {"bad_escape", R"({"type": 1, "id": "\x"})", "19: has an escape that JSON does not know"},
    {"escape_at_the_end", "{\"type\": 1, \"id\": \"\\", "19: has an escape that JSON does not know"},
    {"short_escape", R"({"type": 1, "id": "\u12"})", "19: has an escape that JSON does not know"},
    {"escaped_nul_byte", std::string("{\"type\": 1, \"id\": \"\\\0\"}", 23),
     "19: has an escape that JSON does not know"},
    {"high_half", R"({"type": 1, "id": "\ud83d"})", "19: has half of a surrogate pair"},
    {"two_high_halves", R"({"type": 1, "id": "\ud83d\ud83d"})", "19: has half of a surrogate pair"},
    {"low_half", R"({"type": 1, "id": "\ude00"})", "19: has half of a surrogate pair"},
    {"open_text", R"({"type": 1, "id": "a)", "20: ends in a text"},
    {"control_character", "{\"type\": 1, \"id\": \"a\nb\"}", "20: has a control character in a text"},
    {"not_utf8", "{\"type\": 1, \"id\": \"\xff\"}", "19: is not UTF-8"},
    {"word", R"({"type": 1, "x": nul})", "17: has something that is no JSON value"},
    {"number", R"({"type": 1, "x": 1.})", "17: has something that is no JSON value"},
    {"exponent", R"({"type": 1, "x": 1e+})", "17: has something that is no JSON value"},
    {"minus", R"({"type": 1, "x": -})", "17: has something that is no JSON value"},
    {"mixed_brackets", R"({"type": 1, "x": [1}})", "19: lacks a comma or the end of a value"},
    {"key_in_an_array", R"({"type": 1, "x": ["a": 1]})", "21: lacks a comma or the end of a value"},
    {"no_key_in_an_object", R"({"type": 1, "x": {1: 2}})", "18: has something else in place of a text"},
    {"nested", R"({"type": 1, "x": )" + std::string(33, '['), "49: is nested too deeply"},
    {"deep", R"({"x": )" + std::string(10'000, '['), "38: is nested too deeply"},
};

INSTANTIATE_TEST_SUITE_P(RequestMetadata, RefusedMetadata, ::testing::ValuesIn(refused),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(RequestMetadata, may_have_values_nested_as_deeply_as_is_said) {
  EXPECT_EQ(summary(R"({"type":1,"x":)" + std::string(32, '[') + std::string(32, ']') + '}'), "|1");
}

TEST(RequestMetadata, is_written_as_the_original_writes_it) {
  const RequestId id{0x65097e7ae4ca11f1, 0xa52102fc00000001};
  EXPECT_EQ(written(id, RequestType::request, ""), R"({"id": "65097e7ae4ca11f1a52102fc00000001", "type": 1})");
  EXPECT_EQ(written(id, RequestType::notice, ""), R"({"id": "", "type": 2})");
  EXPECT_EQ(written({}, RequestType::notice, wire::quoted_route("note")), R"({"id": "", "type": 2, "route": "note"})");
}

TEST(RequestMetadata, may_say_how_long_the_answer_is_waited_for) {
  std::string text(wire::metadata_size(wire::quoted_route("sum")), ' ');
  text.resize(wire::put_metadata(text.data(), {1, 2}, RequestType::request, wire::quoted_route("sum"), 1500));
  EXPECT_EQ(text, R"({"id": "00000000000000010000000000000002", "type": 1, "route": "sum", "timeout_ms": 1500})");
  std::string decoded;
  EXPECT_EQ(wire::scan_metadata(text, decoded).metadata.timeout_ms, 1500);
  EXPECT_EQ(wire::scan_metadata(R"({"timeout_ms":7,"type":1})", decoded).metadata.timeout_ms, 7);
  EXPECT_STREQ(wire::scan_metadata(R"({"timeout_ms":7,"timeout_ms":7,"type":1})", decoded).what, "has a key twice");
  EXPECT_EQ(wire::scan_metadata(R"({"type":1})", decoded).metadata.timeout_ms, 0);
}

TEST(RequestMetadata, is_read_alike_in_the_usual_form_and_in_others) {
  // Each of these begins as the usual form does and leaves it somewhere.
  for (const std::string text :
       {R"({"id": "00000000000000010000000000000002", "type": 1})",
        R"({"id": "00000000000000010000000000000002", "type": 1 })",
        R"({"id": "00000000000000010000000000000002", "type": 1, "route": "a"})",
        R"({"id": "00000000000000010000000000000002", "type": 1, "route": "a" })",
        R"({"id": "00000000000000010000000000000002", "type": 1, "route": "\u0061"})",
        R"({"id": "00000000000000010000000000000002", "type": 1, "route": "a", "timeout_ms": 0})"}) {
    std::string spaced = " " + text;  // which the usual form has not
    EXPECT_EQ(summary(text), summary(spaced)) << text;
  }
}

TEST(RequestMetadata, arrives_as_it_was_written) {
  for (const std::string route : {"note", "a \"quoted\\ one\n", "é😀"}) {
    EXPECT_EQ(summary(written({1, 2}, RequestType::request, wire::quoted_route(route))),
              "00000000000000010000000000000002|1|" + route);
  }
}

TEST(RequestMetadata, of_an_answer_is_that_of_the_request_but_for_the_type) {
  EXPECT_EQ(answered(R"({"id": "ab", "type": 1, "route": "sum"})", RequestType::answer),
            R"({"id": "ab", "type": 11, "route": "sum"})");
  EXPECT_EQ(answered(R"({"trace":[1,2],"type":1,"id":"\u00e9"})", RequestType::responder_error),
            R"({"trace":[1,2],"type":51,"id":"\u00e9"})");
}

TEST(RequestId, is_32_digits) {
  RequestId id;
  EXPECT_TRUE(RequestId::parse("65097e7ae4ca11f1a52102fc00000001", id));
  EXPECT_EQ(id, (RequestId{0x65097e7ae4ca11f1, 0xa52102fc00000001}));
  for (const std::string_view text : {"", "65097e7ae4ca11f1a52102fc0000000", "65097e7ae4ca11f1a52102fc000000011",
                                      "65097E7ae4ca11f1a52102fc00000001", "65097e7ae4ca11f1a52102fc0000000g"}) {
    EXPECT_FALSE(RequestId::parse(text, id)) << text;
  }
}

TEST(RequestMetadata, has_no_route_that_is_not_utf8) {
  EXPECT_THROW((void)wire::quoted_route("a\xff"), std::invalid_argument);
}

}  // namespace
}  // namespace parley::test::request_metadata_tests
