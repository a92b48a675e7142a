// How the tool reads, prints, counts and leaves.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace parley::test {
namespace {

using namespace std::string_literals;

TEST(Tool, two_of_them_talk) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo"}};
  const ToolResult result = run_tool({"connect", listener.listening_endpoint(), "--count", "3"}, "a\nb\nc");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "a\nb\nc\n");
}

TEST(Tool, takes_messages_from_arguments_whatever_they_look_like) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo"}};
  const ToolResult result = run_tool(
      {"connect", listener.listening_endpoint(), "--count", "6", "[1,2]", "", "demo", "-5", "--", "--json", "x y"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "[1,2]\n\ndemo\n-5\n--json\nx y\n");
}

TEST(Tool, delivers_all_of_a_megabyte_of_piped_input_before_it_leaves) {
  std::string text;
  std::string wire;
  for (int i = 0; text.size() < 1'000'000; ++i) {
    const std::string line = "line " + std::to_string(i);
    text += line + "\n";
    wire += "\0\0\0"s + static_cast<char>(line.size()) + line;
  }
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--wait", "0"}};
  const RawPeer peer = listener.accept();
  tool.type(text);
  tool.end_input();
  EXPECT_EQ(peer.receive_all(), wire);
  EXPECT_EQ(tool.wait(), 0);
}

TEST(Tool, sends_a_file_whole_as_one_raw_message) {
  const support::TemporaryFolder folder;
  std::ofstream{folder.file("body")} << "two\nlines\n";
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--file", folder.file("body"), "--format", "raw", "--wait", "0"}};
  EXPECT_EQ(listener.accept().receive_all(), "\0\0\0\x0atwo\nlines\n"s);
  EXPECT_EQ(tool.wait(), 0);
}

TEST(Tool, leaves_after_so_many_messages) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--count", "2", "--framing", "separator"}};
  const RawPeer peer = listener.accept();
  peer.send("1\n2\n3\n");
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "1\n2\n");
}

TEST(Tool, fails_when_fewer_messages_came_than_were_to_be_counted) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--count", "2", "--framing", "separator"}};
  RawPeer peer = listener.accept();
  tool.end_input();
  peer.send("1\n");
  peer.close();
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_NE(tool.errors().find("after 1 of 2 messages"), std::string::npos) << tool.errors();
}

TEST(Tool, sends_what_is_typed_to_everyone_connected) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--framing", "separator"}};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer a = RawPeer::connect(endpoint);
  const RawPeer b = RawPeer::connect(endpoint);
  // Both are known once each has been heard.
  a.send("a\n");
  b.send("b\n");
  tool.output_line_with("a");
  tool.output_line_with("b");
  tool.type("to all\n");
  EXPECT_EQ(a.receive(7), "to all\n");
  EXPECT_EQ(b.receive(7), "to all\n");
}

TEST(Tool, quoted_and_hex_bodies_carry_any_byte) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo", "--discard"}};
  const std::string endpoint = listener.listening_endpoint();
  EXPECT_EQ(run_tool({"connect", endpoint, "--format", "quoted", "--count", "1", "a\\n\\x00\\\"\\\\"}).output,
            "\"a\\n\\0\\\"\\\\\"\n");
  EXPECT_EQ(run_tool({"connect", endpoint, "--format", "hex", "--count", "1", "00 fF"}).output, "00ff\n");
}

TEST(Tool, the_peer_of_a_unix_socket_is_told_by_process_and_user) {
  const support::TemporaryFolder folder;
  const RawListener listener{"unix://" + folder.file("socket")};
  for (const char* const option : {"--json", "--verbose"}) {
    ToolProcess tool{{"connect", listener.endpoint(), option}};
    const RawPeer peer = listener.accept();
    peer.end_sending();
    EXPECT_EQ(tool.wait(), 0);
    const std::string process = std::to_string(::getpid());
    const std::string user = std::to_string(::geteuid());
    const bool json = option == "--json"s;
    EXPECT_NE((json ? tool.output() : tool.errors())
                  .find(json ? "\"peer_process\":" + process + ",\"peer_user\":" + user + ",\"peer_group\":"
                             : " (process " + process + ", user " + user + ", group "),
              std::string::npos)
        << tool.output() << tool.errors();
  }
}

TEST(Tool, json_tells_every_event_on_a_line_of_its_own) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--json"}};
  const RawPeer peer = listener.accept();
  peer.send("\0\0\0\3a\"\n"s + "\0\0\0\2\xff\0"s + "\0\0\0\4x"s);
  peer.end_sending();
  EXPECT_EQ(tool.wait(), 5);
  EXPECT_EQ(tool.errors(), "");
  const std::vector<boost::json::object> lines = json_lines(tool.output());
  ASSERT_EQ(lines.size(), 5u) << tool.output();
  EXPECT_EQ(lines[0].at("event"), "connected");
  EXPECT_EQ(lines[0].at("connection"), 1);
  EXPECT_EQ(lines[0].at("peer"), boost::json::value(listener.endpoint()));
  EXPECT_EQ(lines[1].at("event"), "message");
  EXPECT_EQ(lines[1].at("size"), 3);
  EXPECT_EQ(lines[1].at("text"), "a\"\n");
  EXPECT_EQ(lines[2].at("size"), 2);
  EXPECT_EQ(lines[2].at("base64"), "/wA=");
  EXPECT_EQ(lines[3].at("event"), "error");
  EXPECT_EQ(lines[3].at("exit"), 5);
  EXPECT_EQ(lines[4].at("event"), "closed");
  EXPECT_EQ(lines[4].at("received"), 2);
}

TEST(Tool, json_tells_of_errors_of_usage_too) {
  const ToolResult result = run_tool({"connect", "tcp://", "--json"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.errors, "");
  const std::vector<boost::json::object> lines = json_lines(result.output);
  ASSERT_EQ(lines.size(), 1u) << result.output;
  EXPECT_EQ(lines[0].at("event"), "error");
  EXPECT_EQ(lines[0].at("exit"), 2);
}

TEST(Tool, json_stays_json_whatever_bytes_come) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  const std::vector<std::string> bodies{"\x7f\xc2\x85\xe2\x80\xa8"s, all_bytes.substr(0, 128), all_bytes, ""};
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--json", "--framing", "length:2", "--count", "4"}};
  const RawPeer peer = listener.accept();
  for (const std::string& body : bodies)
    peer.send(std::string{static_cast<char>(body.size() / 256), static_cast<char>(body.size() % 256)} + body);
  EXPECT_EQ(tool.wait(), 0);
  const std::vector<boost::json::object> lines = json_lines(tool.output());
  ASSERT_EQ(lines.size(), 6u) << tool.output();
  EXPECT_EQ(lines[1].at("text"), boost::json::value(bodies[0]));
  EXPECT_EQ(lines[2].at("text"), boost::json::value(bodies[1]));
  EXPECT_TRUE(lines[3].contains("base64"));
  EXPECT_EQ(lines[4].at("text"), "");
}

TEST(Tool, no_peer_can_drive_the_terminal) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint()}, {.out = ToolStream::terminal}};
  const RawPeer peer = listener.accept();
  const std::string body = "\x1b[2J\x07\xc2\x9b\x7f\ttab\xff";
  peer.send("\0\0\0"s + static_cast<char>(body.size()) + body);
  EXPECT_EQ(tool.output_line_with("tab"), "\\x1b[2J\\x07\\xc2\\x9b\\x7f\ttab\\xff\r");
}

TEST(Tool, output_to_a_pipe_is_exact) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--count", "1"}};
  const RawPeer peer = listener.accept();
  peer.send("\0\0\0\5\x1b[2J\xff"s);
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "\x1b[2J\xff\n");
}

}  // namespace
}  // namespace parley::test
