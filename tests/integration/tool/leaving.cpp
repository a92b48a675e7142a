// The end of inputs, outputs and peers, when it comes at a bad moment or in a bad way.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

// --- the end of input -----------------------------------------------------------------------------------------------

TEST(ToolLeaving, under_raw_the_end_of_input_ends_its_direction_and_it_stays_for_the_answer) {
  for (const char* const input : {"question", ""}) {
    SCOPED_TRACE(input);
    const RawListener listener{"tcp://127.0.0.1:0"};
    ToolProcess tool{{"connect", listener.endpoint(), "--framing", "raw"}};
    RawPeer peer = listener.accept();
    tool.type(input);
    tool.end_input();
    EXPECT_EQ(peer.receive_all(), input);
    peer.send("answer");
    peer.close();
    EXPECT_EQ(tool.wait(), 0) << tool.errors();
    EXPECT_EQ(tool.output(), "answer");
  }
}

TEST(ToolLeaving, under_raw_a_wait_that_is_asked_for_is_kept) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--framing", "raw", "--wait", "0.05", "question"}};
  const RawPeer peer = listener.accept();
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

TEST(ToolLeaving, an_echo_under_raw_keeps_its_direction_open) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--framing", "raw", "--echo", "first"}};
  const RawPeer peer = listener.accept();
  EXPECT_EQ(peer.receive(5), "first");
  peer.send("second");
  EXPECT_EQ(peer.receive(6), "second");
  peer.end_sending();
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_EQ(tool.wait(), 0);
}

TEST(ToolLeaving, input_without_one_good_line_can_be_interrupted_and_takes_no_memory) {
  const support::TemporaryFolder folder;
  const std::string faults = folder.file("faults");
  {
    std::ofstream file{faults};
    for (int i = 0; i < 200'000; ++i) file << "zz\n";
  }
  for (const std::vector<std::string>& options : {std::vector<std::string>{"--format", "hex"},          // not a body
                                                  std::vector<std::string>{"--framing", "fixed:1"}}) {  // not a frame
    const RawListener listener{"tcp://127.0.0.1:0"};
    std::vector<std::string> arguments{"connect", listener.endpoint(), "--file", faults, "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    ToolProcess tool{arguments};
    const RawPeer peer = listener.accept();
    tool.output_line_with("error");
    tool.send_signal(SIGTERM);
    EXPECT_EQ(tool.wait(), 1);
    // What was queued and in the pipe, out of 20 MB.
    EXPECT_LT(tool.output().size(), 2'000'000u);
    EXPECT_NO_THROW(static_cast<void>(json_lines(tool.output())));
  }
}

TEST(ToolLeaving, an_endless_file_is_not_kept_for_peers_to_come) {
  const ToolResult result = run_tool({"listen", "tcp://127.0.0.1:0", "--framing", "raw", "--file", "/dev/zero"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.errors.find("the messages in /dev/zero are kept in memory"), std::string::npos) << result.errors;
}

// --- streams that are not there -------------------------------------------------------------------------------------

TEST(ToolLeaving, without_standard_input_there_is_nothing_to_send) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolSetting setting;
  setting.in = ToolStream::closed;
  ToolProcess tool{{"connect", listener.endpoint(), "--wait", "0"}, setting};
  const RawPeer peer = listener.accept();
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

TEST(ToolLeaving, without_any_standard_stream_nothing_that_is_printed_goes_to_the_peer) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolSetting setting;
  setting.in = setting.out = setting.err = ToolStream::closed;
  ToolProcess tool{{"connect", listener.endpoint(), "--verbose"}, setting};
  const RawPeer peer = listener.accept();
  peer.send("\0\0\0\2hi"s);
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_EQ(tool.wait(), 1);
}

TEST(ToolLeaving, output_that_cannot_be_written_is_1_with_the_reason) {
  for (const ToolStream out : {ToolStream::full, ToolStream::closed}) {
    ToolSetting setting;
    setting.out = out;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--help"}, std::vector<std::string>{"listen", "tcp://127.0.0.1:0", "--json"},
          std::vector<std::string>{"demo"}}) {
      const ToolResult result = run_tool(arguments, "", setting);
      EXPECT_EQ(result.code, 1) << arguments[0];
      EXPECT_NE(result.errors.find("cannot write"), std::string::npos) << arguments[0] << result.errors;
    }
    const ToolResult usage = run_tool({"connect", "--json"}, "", setting);
    EXPECT_EQ(usage.code, 2);
    EXPECT_NE(usage.errors.find("the endpoint is missing"), std::string::npos) << usage.errors;
  }
}

TEST(ToolLeaving, a_reader_that_goes_while_input_flows_is_told_of_by_the_exit_code_alone) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo", "--discard"}};
  ToolProcess tool{{"connect", listener.listening_endpoint(), "--file", "/dev/zero", "--framing", "raw", "--quiet"}};
  tool.output_begins();
  tool.end_output();
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_EQ(tool.errors().find("closed on this side"), std::string::npos) << tool.errors();
}

// --- peers that do not read -----------------------------------------------------------------------------------------

TEST(ToolLeaving, peers_that_do_not_read_share_the_time_they_are_given) {
  const support::TemporaryFolder folder;
  std::ofstream{folder.file("body")} << std::string(32 * 1024 * 1024, 'x');
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--format", "raw", "--file", folder.file("body")}};
  const std::string endpoint = tool.listening_endpoint();
  // One after the other, five seconds each, they would take longer than wait() does.
  std::vector<RawPeer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(RawPeer::connect(endpoint));
  for (const RawPeer& peer : peers) EXPECT_EQ(peer.receive(4), "\2\0\0\0"s);
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 1);
  EXPECT_NE(tool.errors().find("1 message ("), std::string::npos) << tool.errors();
}

TEST(ToolLeaving, a_message_that_waited_for_room_is_not_left_out_of_what_could_not_be_delivered) {
  const support::TemporaryFolder folder;
  const std::string large(16 * 1024 * 1024, 'x');
  std::ofstream{folder.file("large")} << large << '\n' << large << '\n';
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--file", folder.file("large"), "--timeout", "0.3"}};
  RawPeer peer = listener.accept();
  tool.error_line_with("nothing was sent or received");
  peer.reset();
  EXPECT_EQ(tool.wait(), 3);
  EXPECT_NE(tool.errors().find("could not be delivered, nor 1 that waited for room"), std::string::npos)
      << tool.errors();
}

}  // namespace
}  // namespace parley::test
