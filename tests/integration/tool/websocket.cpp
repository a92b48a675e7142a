// ws:// endpoints of the tool.
#include "json_lines.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::test {
namespace {

TEST(ToolWebSocket, two_of_them_talk) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0/chat", "--echo"}};
  const ToolResult result = run_tool({"connect", listener.listening_endpoint(), "--count", "3"}, "a\n\nc");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "a\n\nc\n");
}

TEST(ToolWebSocket, carries_a_framing_that_both_name) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0", "--echo", "--framing", "separator"}};
  const ToolResult result =
      run_tool({"connect", listener.listening_endpoint(), "--framing", "separator", "--count", "2"}, "a\nb");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "a\nb\n");
}

TEST(ToolWebSocket, leaves_in_order_when_the_input_ends) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0", "--once"}};
  const ToolResult result = run_tool({"connect", listener.listening_endpoint(), "--wait", "0"}, "only this");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(listener.wait(), 0) << listener.errors();
  EXPECT_EQ(listener.output(), "only this\n");
}

TEST(ToolWebSocket, ends_at_raw_inputs_end_though_one_direction_cannot_end_alone) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0", "--once", "--framing", "raw"}};
  const ToolResult result =
      run_tool({"connect", listener.listening_endpoint(), "--framing", "raw", "--wait", "0"}, "bytes");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(listener.wait(), 0) << listener.errors();
  EXPECT_EQ(listener.output(), "bytes");
}

TEST(ToolWebSocket, too_large_a_message_is_refused_by_the_side_that_gets_it) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0", "--once", "--max-size", "5"}};
  const ToolResult result = run_tool({"connect", listener.listening_endpoint(), "six666", "--count", "1"});
  EXPECT_EQ(result.code, 5);
  EXPECT_NE(result.errors.find("closed the WebSocket with code 1009"), std::string::npos) << result.errors;
  EXPECT_EQ(listener.wait(), 5);
  EXPECT_NE(listener.errors().find("more than 5 bytes"), std::string::npos) << listener.errors();
}

TEST(ToolWebSocket, another_path_is_turned_away_and_both_are_told) {
  ToolProcess listener{{"listen", "ws://127.0.0.1:0/chat"}};
  std::string endpoint = listener.listening_endpoint();
  const ToolResult result = run_tool({"connect", endpoint.substr(0, endpoint.rfind('/')) + "/cat"});
  EXPECT_EQ(result.code, 5);
  EXPECT_NE(result.errors.find("the server answered 404 Not Found instead of a WebSocket"), std::string::npos)
      << result.errors;
  const std::string line = listener.error_line_with("turned away");
  EXPECT_EQ(line.find("parley: warning: a peer was turned away: the client asked for /cat; there is only /chat ("), 0U)
      << line;
}

TEST(ToolWebSocket, framings_that_cannot_work_are_refused) {
  const ToolResult tcp = run_tool({"connect", "tcp://127.0.0.1:1", "--framing", "message"});
  EXPECT_EQ(tcp.code, 2);
  EXPECT_NE(tcp.errors.find("--framing message is for ws:// and wss://"), std::string::npos) << tcp.errors;
  const ToolResult eof = run_tool({"listen", "ws://127.0.0.1:0", "--framing", "eof"});
  EXPECT_EQ(eof.code, 2);
  EXPECT_NE(eof.errors.find("cannot end one alone"), std::string::npos) << eof.errors;
}

}  // namespace
}  // namespace parley::test
