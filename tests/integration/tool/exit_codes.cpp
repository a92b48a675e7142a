// What the tool's exit code says, each of them.
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace parley::test {
namespace {

using namespace std::string_literals;

TEST(ToolExitCode, help_and_version_are_0_and_go_to_standard_output) {
  for (const char* const command :
       {"listen", "connect", "send", "receive", "echo", "proxy", "peers", "tunnel", "gateway", "demo"}) {
    const ToolResult help = run_tool({command, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.output.find("Exit codes:"), std::string::npos);
    EXPECT_EQ(help.errors, "");
  }
  const ToolResult version = run_tool({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.output.starts_with("parley ")) << version.output;
}

TEST(ToolExitCode, a_command_line_without_sense_is_2) {
  EXPECT_EQ(run_tool({}).code, 2);
  EXPECT_EQ(run_tool({"connect"}).code, 2);
  EXPECT_EQ(run_tool({"connect", "tcp://127.0.0.1:1", "--bogus"}).code, 2);
  EXPECT_EQ(run_tool({"connect", "tcp://127.0.0.1:1", "--framing", "length:3"}).code, 2);
  EXPECT_EQ(run_tool({"connect", "tcp://127.0.0.1:1", "--format", "hex", "xyz"}).code, 2);
  EXPECT_EQ(run_tool({"connect", "inproc://inside"}).code, 2);
  EXPECT_EQ(run_tool({"connect", "amqp://127.0.0.1:1"}).code, 2);
}

TEST(ToolExitCode, a_wrong_endpoint_is_pointed_at) {
  const ToolResult result = run_tool({"connect", "tcp://host:99999"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("tcp://host:99999\n           ^ port 99999"), std::string::npos) << result.errors;
}

TEST(ToolExitCode, an_address_in_use_is_1) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  EXPECT_EQ(run_tool({"listen", listener.endpoint()}).code, 1);
}

TEST(ToolExitCode, a_message_that_cannot_be_framed_is_1_and_the_others_go) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{
      {"connect", listener.endpoint(), "--framing", "fixed:4", "--wait", "0.05", "abcd", "too long", "efgh"}};
  const RawPeer peer = listener.accept();
  EXPECT_EQ(peer.receive_all(), "abcdefgh");
  EXPECT_EQ(tool.wait(), 1);
}

TEST(ToolExitCode, silence_for_the_time_out_is_3) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess connecting{{"connect", listener.endpoint(), "--timeout", "0.1"}};
  EXPECT_EQ(connecting.wait(), 3);
  ToolProcess listening{{"listen", "tcp://127.0.0.1:0", "--timeout", "0.1"}};
  EXPECT_EQ(listening.wait(), 3);
}

TEST(ToolExitCode, nobody_there_is_4) {
  EXPECT_EQ(run_tool({"connect", free_endpoint()}).code, 4);
  EXPECT_EQ(run_tool({"connect", "unix:///nowhere/at/all"}).code, 4);
}

TEST(ToolExitCode, a_peer_that_breaks_the_framing_is_5) {
  for (const std::string& bytes : {"\xff\xff\xff\xff"s, "\0\0\0\x05he"s}) {
    const RawListener listener{"tcp://127.0.0.1:0"};
    ToolProcess tool{{"connect", listener.endpoint()}};
    const RawPeer peer = listener.accept();
    peer.send(bytes);
    peer.end_sending();
    EXPECT_EQ(tool.wait(), 5);
    EXPECT_NE(tool.errors().find("error: "), std::string::npos);
  }
}

TEST(ToolExitCode, listen_once_tells_of_its_peer) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--once", "--framing", "varint"}};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(std::string(11, '\xff'));
  EXPECT_EQ(tool.wait(), 5);
}

TEST(ToolExitCode, one_bad_peer_does_not_end_a_listener) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--count", "1"}};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer bad = RawPeer::connect(endpoint);
  bad.send("\xff\xff\xff\xff");
  tool.error_line_with("error: ");
  const RawPeer good = RawPeer::connect(endpoint);
  good.send("\0\0\0\2ok"s);
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "ok\n");
}

TEST(ToolExitCode, a_client_that_dies_before_its_echo_is_no_failure_of_a_listener) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--echo", "--discard"}};
  RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  // More than the system takes, so that the echo has begun and cannot end.
  const std::string body(32 * 1024 * 1024, 'x');
  peer.send("\2\0\0\0"s + body);
  EXPECT_EQ(peer.receive(4), "\2\0\0\0"s);
  peer.reset();
  EXPECT_NE(tool.error_line_with("error: 1 message (").find("could not be delivered (tcp://127.0.0.1:"),
            std::string::npos);
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0);
}

TEST(ToolExitCode, an_interrupt_drains_and_is_0) {
  std::signal(SIGHUP, SIG_DFL);  // the tests may run under nohup, and the tool leaves ignored what was
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "bye"}};
    const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
    EXPECT_EQ(peer.receive(7), "\0\0\0\3bye"s);
    tool.send_signal(number);
    EXPECT_EQ(peer.receive_all(), "");
    EXPECT_EQ(tool.wait(), 0);
  }
}

TEST(ToolExitCode, a_reader_of_its_output_that_goes_ends_it_quietly_with_1) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0"}};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  tool.error_line_with("connected");
  tool.end_output();
  peer.send("\0\0\0\2ok"s);
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_EQ(tool.errors().find("error"), std::string::npos) << tool.errors();
}

}  // namespace
}  // namespace parley::test
