#include <parley/wire/request_fault.hpp>

#include <parley/wire/utf8.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test::request_fault_tests {
namespace {

using wire::RequestFault;

constexpr std::size_t message_size_max = 64 * 1024;

/// All that is read.
std::string summary(std::string_view text) {
  const std::optional<RequestFault> fault = wire::read_fault(text);
  if (!fault) return "none";
  std::string said = fault->message;
  if (fault->code) said += '|' + std::to_string(*fault->code);
  if (!fault->reason.empty()) said += "|because: " + fault->reason;
  if (!fault->data.empty()) said += "|more: " + fault->data;
  return said;
}

RequestFault saying(std::string message) { return {std::move(message), {}, {}, {}}; }

std::string arrived_message(std::string message) {
  const std::optional<RequestFault> fault = wire::read_fault(wire::put_fault(saying(std::move(message))));
  return fault ? fault->message : "none";
}

TEST(RequestFault, is_written_as_the_original_writes_it) {
  EXPECT_EQ(wire::put_fault({"bad input", 404, {}, {}}), R"({"code": 404, "message": "bad input"})");
  EXPECT_EQ(wire::put_fault(saying("ValueError('boom')")),
            R"json({"code": null, "message": "ValueError('boom')"})json");
  EXPECT_EQ(wire::put_fault(saying("Route \"nope\" is not defined")),
            R"({"code": null, "message": "Route \"nope\" is not defined"})");
  EXPECT_EQ(wire::put_rejection("no such field"), R"({"message": "no such field"})");
}

TEST(RequestFault, has_what_the_original_passes_over_behind_that) {
  EXPECT_EQ(wire::put_fault({"full", {}, R"([1, {"a": null}])", "overloaded"}),
            R"({"code": null, "message": "full", "reason": "overloaded", "data": [1, {"a": null}]})");
}

TEST(RequestFault, leaves_out_data_that_is_not_json) {
  for (const std::string data : {"{", "1 2", "\xff", "nul", "\"a\", \"code\": 1"}) {
    EXPECT_EQ(wire::put_fault({"m", {}, data, {}}), R"({"code": null, "message": "m"})") << data;
  }
}

TEST(RequestFault, is_read_in_any_order_with_blanks_and_with_more) {
  EXPECT_EQ(summary(R"({"code": 404, "message": "bad input"})"), "bad input|404");
  EXPECT_EQ(summary(R"({"code": null, "message": "Response serialize error"})"), "Response serialize error");
  EXPECT_EQ(summary(R"({"message": "m"})"), "m");
  EXPECT_EQ(summary(" {\"trace\":[[],{}],\n\"message\"\t: \"a \\u00e9\\\"\" , \"code\" :\r-7 } \n"), "a é\"|-7");
  EXPECT_EQ(summary(R"({"data": {"a" :[1]}, "message": "", "reason": "no_such_route"})"),
            "|because: no_such_route|more: {\"a\" :[1]}");
}

TEST(RequestFault, with_a_code_that_is_no_whole_number_has_none) {
  for (const std::string code : {"1.0", "1e3", "\"404\"", "true", "[404]", "{}", "null", "9223372036854775808",
                                 "-9223372036854775809", "100000000000000000000000000"}) {
    EXPECT_EQ(summary("{\"message\": \"m\", \"code\": " + code + "}"), "m") << code;
  }
}

TEST(RequestFault, has_codes_of_64_bits) {
  for (const std::int64_t code :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    const auto fault = wire::read_fault(wire::put_fault({"m", code, {}, {}}));
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, code);
  }
}

struct Unreadable {
  const char* name;
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const Unreadable& unreadable) { return out << unreadable.name; }

class UnreadableFault : public ::testing::TestWithParam<Unreadable> {};

TEST_P(UnreadableFault, is_nothing) { EXPECT_EQ(summary(GetParam().text), "none"); }

const std::vector<Unreadable> unreadable{
    {"empty", ""},
    {"no_object", R"(["message"])"},
    {"text", R"("bad input")"},
    {"without_a_message", R"({"code": 404})"},
    {"message_is_a_number", R"({"message": 5})"},
    {"message_is_null", R"({"message": null})"},
    {"reason_is_a_number", R"({"message": "m", "reason": 5})"},
    {"open", R"({"message": "m")"},
    {"open_text", R"({"message": "m)"},
    {"tail", R"({"message": "m"} {})"},
    {"comma_too_many", R"({"message": "m",})"},
    {"no_value", R"({"message": "m", "code": })"},
    {"word", R"({"message": "m", "code": nil})"},
    {"not_utf8", "{\"message\": \"\xff\"}"},
    {"half_of_a_pair", R"({"message": "\ud83d"})"},
    {"control_character", "{\"message\": \"a\nb\"}"},
    {"nul_byte", std::string("{\"message\": \"a\0b\"}", 18)},
    {"deep", R"({"message": "m", "data": )" + std::string(100'000, '[')},
};

INSTANTIATE_TEST_SUITE_P(RequestFault, UnreadableFault, ::testing::ValuesIn(unreadable),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(RequestFault, arrives_as_it_was_written) {
  EXPECT_EQ(summary(wire::put_fault({"a \"quoted\\ one\n\x01 é😀", 422, R"({"field": "items"})", "overloaded"})),
            "a \"quoted\\ one\n\x01 é😀|422|because: overloaded|more: {\"field\": \"items\"}");
  EXPECT_EQ(summary(wire::put_rejection("$.a: missing")), "$.a: missing");
}

TEST(RequestFault, replaces_what_is_not_utf8) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(arrived_message("a\xff\xfe z"), "a" + mark + mark + " z");
  EXPECT_EQ(arrived_message("\xC3"), mark);
  EXPECT_EQ(arrived_message("\xED\xA0\xBD"), mark + mark + mark);
  EXPECT_EQ(wire::put_rejection("\xff"), "{\"message\": \"" + mark + "\"}");
}

TEST(RequestFault, cuts_a_message_without_end_between_two_characters) {
  const std::string text(message_size_max - 1, 'a');
  EXPECT_EQ(arrived_message(text + "a"), text + "a");
  EXPECT_EQ(arrived_message(text + "aa"), text + "a");
  EXPECT_EQ(arrived_message(text + "é"), text);
  EXPECT_EQ(arrived_message(text.substr(2) + "😀"), text.substr(2)) << "of which three bytes would fit";
}

TEST(RequestFault, of_many_bad_bytes_is_written_in_no_time) {
  const std::string arrived = arrived_message(std::string(10 * message_size_max, '\xff'));
  EXPECT_EQ(arrived.size(), 3 * message_size_max);
  EXPECT_TRUE(wire::is_utf8(arrived));
}

}  // namespace
}  // namespace parley::test::request_fault_tests
