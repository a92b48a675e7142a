// Messages as values (--codec), and the formats that carry any bytes on a line.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

/// What `connect` with these options does to one message from its peer.
ToolResult given(const std::string& body, std::vector<std::string> options) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  options.insert(options.begin(), {"connect", listener.endpoint(), "--quiet"});
  ToolProcess tool{options};
  const RawPeer peer = listener.accept();
  peer.send(framed(body));
  peer.end_sending();
  tool.end_input();
  const int code = tool.wait();
  return {code, tool.output(), tool.errors()};
}

/// What `connect` with these options sends, given this input.
std::string sent(const std::string& input, std::vector<std::string> options) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  options.insert(options.begin(), {"connect", listener.endpoint(), "--wait", "0"});
  ToolProcess tool{options};
  const RawPeer peer = listener.accept();
  tool.type(input);
  tool.end_input();
  std::string all = peer.receive_all();
  tool.wait();
  return all;
}

// --- --codec --------------------------------------------------------------------------------------------------------

const std::string packed = "\x82\xa2id\x07\xa4tags\x92\xa1"s + "a\xc0"s;
const std::string value = R"({"id":7,"tags":["a",null]})";

TEST(ToolCodec, a_line_is_a_value_that_is_sent_as_the_codec_writes_it) {
  const std::string line = R"( {"id": 7, "tags": ["a", null]} )"
                           "\n";
  EXPECT_EQ(sent(line, {"--codec", "json"}), framed(value));
  EXPECT_EQ(sent(line, {"--codec", "msgpack"}), framed(packed));
  EXPECT_EQ(sent("\"h\\u00e9\"\n", {"--codec", "text"}), framed("h\xc3\xa9"));
  EXPECT_EQ(sent("\"/wA=\"\n", {"--codec", "bytes"}), framed("\xff\0"s));
}

TEST(ToolCodec, what_comes_is_printed_as_json) {
  EXPECT_EQ(given(R"({ "id": 7, "tags": ["a", null] })", {"--codec", "json"}).output, value + "\n");
  EXPECT_EQ(given(packed, {"--codec", "msgpack"}).output, value + "\n");
  EXPECT_EQ(given("\x80\x04\x95\x06\0\0\0\0\0\0\0]\x94(K\x07\x88"
                  "e."s,
                  {"--codec", "pickle"})
                .output,
            "[7,true]\n");
  EXPECT_EQ(given("h\xc3\xa9", {"--codec", "text"}).output, "\"h\xc3\xa9\"\n");
  EXPECT_EQ(given("\xff\0"s, {"--codec", "bytes"}).output, "\"/wA=\"\n");
}

TEST(ToolCodec, controls_are_escaped_also_those_that_json_allows) {
  EXPECT_EQ(given("\"\x7f\xc2\x9b[2J\"", {"--codec", "json"}).output, "\"\\u007f\\u009b[2J\"\n");
}

TEST(ToolCodec, two_of_them_exchange_values) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo", "--codec", "pickle"}};
  const ToolResult result = run_tool(
      {"connect", listener.listening_endpoint(), "--codec", "pickle", "--count", "2", value, "[1.5,\"\\u0000\"]"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, value + "\n[1.5,\"\\u0000\"]\n");
  listener.output_line_with("[1.5");
  EXPECT_EQ(listener.output_line_with(value), value);
}

TEST(ToolCodec, a_line_that_is_no_value_is_left_out_and_an_argument_is_refused) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--codec", "json", "--wait", "0"}};
  const RawPeer peer = listener.accept();
  tool.type("{\"a\":\n1\n");
  tool.end_input();
  EXPECT_EQ(peer.receive_all(), framed("1"));
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_NE(tool.errors().find("byte 5 (after $.a): the JSON ends too early; not sent"), std::string::npos)
      << tool.errors();
  const ToolResult argument = run_tool({"connect", listener.endpoint(), "--codec", "text", "[5]"});
  EXPECT_EQ(argument.code, 2);
  EXPECT_NE(argument.errors.find("$: expected a string, found an array"), std::string::npos) << argument.errors;
}

TEST(ToolCodec, a_message_that_is_not_of_it_is_reported_and_the_next_is_taken) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--codec", "json", "--count", "2"}};
  const RawPeer peer = listener.accept();
  peer.send(framed("\x80\x04K\x05.") + framed("[5]"));
  EXPECT_EQ(tool.wait(), 5);
  EXPECT_EQ(tool.output(), "[5]\n");
  EXPECT_NE(tool.errors().find("$: this looks like a Python pickle (protocol 4), not JSON"), std::string::npos)
      << tool.errors();
}

TEST(ToolCodec, a_value_that_json_cannot_say_is_reported) {
  const ToolResult result = given("\xcb\x7f\xf8\0\0\0\0\0\0"s, {"--codec", "msgpack"});
  EXPECT_EQ(result.code, 5);
  EXPECT_EQ(result.output, "");
  EXPECT_NE(result.errors.find("cannot be written as JSON"), std::string::npos) << result.errors;
}

TEST(ToolCodec, what_one_peer_sends_is_no_fault_of_a_listener_and_not_sent_back) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--echo", "--codec", "json", "--count", "2", "--discard"}};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("nope") + framed("[5]"));
  EXPECT_EQ(peer.receive_all(), framed("[5]"));
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "");
  EXPECT_NE(tool.errors().find("not JSON"), std::string::npos) << tool.errors();
}

TEST(ToolCodec, json_lines_have_the_value_and_tell_of_what_is_none) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--codec", "msgpack", "--json", "--count", "2"}};
  const RawPeer peer = listener.accept();
  peer.send(framed(packed) + framed("\xc1"));
  EXPECT_EQ(tool.wait(), 5);
  EXPECT_EQ(tool.errors(), "");
  const std::vector<boost::json::object> lines = json_lines(tool.output());
  ASSERT_EQ(lines.size(), 4u) << tool.output();
  EXPECT_EQ(lines[1].at("event"), "message");
  EXPECT_EQ(lines[1].at("size"), packed.size());
  EXPECT_EQ(lines[1].at("value").at("id"), 7);
  EXPECT_EQ(lines[2].at("event"), "error");
  EXPECT_EQ(lines[2].at("exit"), 5);
  EXPECT_EQ(lines[2].at("connection"), 1);
}

TEST(ToolCodec, under_eof_the_whole_input_is_one_value) {
  EXPECT_EQ(sent("{\n  \"id\": 7\n}\n", {"--codec", "json", "--framing", "eof"}), "{\"id\":7}");
}

TEST(ToolCodec, a_file_has_a_value_in_each_line) {
  const support::TemporaryFolder folder;
  std::ofstream{folder.file("values")} << "1\n\"two\"\n";
  EXPECT_EQ(sent("", {"--codec", "json", "--file", folder.file("values")}), framed("1") + framed("\"two\""));
}

TEST(ToolCodec, combinations_without_sense_are_refused) {
  const std::vector<std::vector<std::string>> refusals{
      {"--codec", "xml"}, {"--codec", "json", "--format", "hex"}, {"--codec", "json", "--framing", "raw"}};
  for (const std::vector<std::string>& options : refusals) {
    std::vector<std::string> arguments{"connect", "tcp://127.0.0.1:1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ToolResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2) << options.back();
    EXPECT_NE(result.errors.find("--codec"), std::string::npos) << result.errors;
  }
}

// --- --format json, base64 ------------------------------------------------------------------------------------------

TEST(ToolFormat, json_and_base64_carry_any_byte_both_ways) {
  EXPECT_EQ(sent("\"a\\u0000\\n\"\n{\"base64\":\"/wA=\"}\n", {"--format", "json"}),
            framed("a\0\n"s) + framed("\xff\0"s));
  EXPECT_EQ(given("a\0\n"s, {"--format", "json"}).output, "\"a\\u0000\\n\"\n");
  EXPECT_EQ(given("\xff\0"s, {"--format", "json"}).output, "{\"base64\":\"/wA=\"}\n");
  EXPECT_EQ(sent("\n/w==\n/wA=\n/wAB\n", {"--format", "base64"}),
            framed("") + framed("\xff") + framed("\xff\0"s) + framed("\xff\0\1"s));
  EXPECT_EQ(given("\xff\0"s, {"--format", "base64"}).output, "/wA=\n");
}

TEST(ToolFormat, what_is_not_quite_json_or_base64_is_refused_with_the_reason) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> refusals{
      {"base64", {"/wA", "/w", "/wB=", "/x==", "====", "/wA=/wA=", "a b=", "/w_-"}},
      {"json", {"", "x", "5", "\"a", "\"a\" \"b\"", "{\"base64\":\"/wA\"}", "{\"hex\":\"00\"}", "\"\\ud800\""}}};
  for (const auto& [format, texts] : refusals) {
    for (const std::string& text : texts) {
      const ToolResult result = run_tool({"connect", "tcp://127.0.0.1:1", "--format", format, text});
      EXPECT_EQ(result.code, 2) << text;
      EXPECT_TRUE(result.errors.starts_with("parley: error: not ")) << result.errors;
    }
  }
}

TEST(ToolFormat, base64_holds_in_json_lines_too) {
  EXPECT_NE(given("hi", {"--format", "base64", "--json"}).output.find(R"("size":2,"base64":"aGk=")"),
            std::string::npos);
}

}  // namespace
}  // namespace parley::test
