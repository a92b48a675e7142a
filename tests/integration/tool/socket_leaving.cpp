// How parley send, receive and echo leave: exit codes, peers that do not come or are killed, signals.
#include "aiomsg_peer.hpp"
#include "json_lines.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

// --- no peer --------------------------------------------------------------------------------------------------------

TEST(ToolSocketLeaving, without_a_peer_in_time_it_is_4) {
  const std::string nowhere = free_endpoint();
  const ToolResult connecting = run_tool({"send", "--connect", nowhere, "--timeout", "100ms", "hello"});
  EXPECT_EQ(connecting.code, 4);
  EXPECT_NE(connecting.errors.find("parley: error: no peer for 0.1 s; the last attempt: cannot connect to " + nowhere +
                                   ": connection refused\n"),
            std::string::npos)
      << connecting.errors;
  for (const char* const command : {"send", "receive", "echo"}) {
    const ToolResult binding = run_tool({command, "--bind", "tcp://127.0.0.1:0", "--timeout", "100ms", "--quiet"});
    EXPECT_EQ(binding.code, 4) << command;
    EXPECT_EQ(binding.errors, "parley: error: no peer for 0.1 s\n") << command;
  }
}

TEST(ToolSocketLeaving, fewer_peers_than_wanted_are_4) {
  ToolProcess tool{{"send", "--bind", "tcp://127.0.0.1:0", "--wait-peers", "2", "--timeout", "300ms", "x"}};
  const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(tool.wait(), 4);
  EXPECT_NE(tool.errors().find("error: 1 of 2 peers came within 0.3 s\n"), std::string::npos) << tool.errors();
}

TEST(ToolSocketLeaving, a_peer_of_that_identity_that_does_not_come_is_4) {
  ToolProcess tool{
      {"send", "--bind", "tcp://127.0.0.1:0", "--to", identity_text('b'), "--timeout", "300ms", "only you"}};
  const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(tool.wait(), 4);
  EXPECT_NE(tool.errors().find("error: peer " + identity_text('b') + " did not come within 0.3 s\n"), std::string::npos)
      << tool.errors();
}

TEST(ToolSocketLeaving, a_refused_connection_that_comes_later_is_made) {
  const std::string endpoint = free_endpoint();
  ToolProcess sender{{"send", "--connect", endpoint, "late", "but whole"}};
  const std::string told = sender.error_line_with("trying again");
  EXPECT_TRUE(
      told.starts_with("parley: cannot connect to " + endpoint + ": connection refused; trying again in 0.05 s"))
      << told;
  const ToolResult received = run_tool({"receive", "--bind", endpoint, "--count", "2"});
  EXPECT_EQ(received.code, 0) << received.errors;
  EXPECT_EQ(received.output, "late\nbut whole\n");
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
}

// --- peers that are there, and of no use ----------------------------------------------------------------------------

TEST(ToolSocketLeaving, silence_for_the_time_out_is_3) {
  for (const char* const command : {"receive", "echo"}) {
    ToolProcess tool{{command, "--bind", "tcp://127.0.0.1:0", "--timeout", "200ms"}};
    const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
    EXPECT_EQ(peer.receive(), "");
    EXPECT_EQ(tool.wait(), 3) << command;
    EXPECT_NE(tool.errors().find("error: nothing moved for 0.2 s\n"), std::string::npos) << tool.errors();
  }
}

TEST(ToolSocketLeaving, a_peer_that_does_not_read_is_3_and_what_is_left_is_counted) {
  ToolProcess tool{
      {"send", "--bind", "tcp://127.0.0.1:0", "--timeout", "500ms", "--count", "100", "{{random 1000000}}"}};
  const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  EXPECT_EQ(tool.wait(), 3);
  EXPECT_NE(tool.errors().find("error: nothing moved for 0.5 s: "), std::string::npos) << tool.errors();
  EXPECT_NE(tool.errors().find(" could not be delivered"), std::string::npos) << tool.errors();
}

TEST(ToolSocketLeaving, what_is_not_acknowledged_is_3_and_counted) {
  ToolProcess tool{
      {"send", "--bind", "tcp://127.0.0.1:0", "--timeout", "300ms", "--delivery", "at-least-once", "a", "b"}};
  const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  EXPECT_EQ(tool.wait(), 3);
  EXPECT_NE(tool.errors().find(
                "error: nothing moved for 0.3 s: 2 messages sent, but not acknowledged; they may have arrived\n"),
            std::string::npos)
      << tool.errors();
}

TEST(ToolSocketLeaving, input_that_pauses_is_no_silence) {
  ToolProcess tool{{"send", "--bind", "tcp://127.0.0.1:0", "--timeout", "200ms", "--interval", "300ms", "1", "2", "3"}};
  const AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  for (const char* const each : {"1", "2", "3"}) EXPECT_EQ(peer.receive(), aiomsg_data(each).substr(4));
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

// --- peers that are killed ------------------------------------------------------------------------------------------

TEST(ToolSocketLeaving, what_a_killed_receiver_had_not_printed_goes_to_its_successor) {
  const std::string endpoint = free_endpoint();
  ToolProcess sender{
      {"send", "--connect", endpoint, "--delivery", "at-least-once", "--rate", "2000", "--count", "1000", "{{count}}"}};
  std::string printed;
  {
    ToolProcess killed{{"receive", "--bind", endpoint}};
    killed.output_line_with("100");
    killed.send_signal(SIGKILL);
    EXPECT_EQ(killed.wait(), 128 + SIGKILL);
    printed = killed.output();
  }
  ToolProcess successor{{"receive", "--bind", endpoint, "--timeout", "3s"}};
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  successor.send_signal(SIGTERM);
  EXPECT_EQ(successor.wait(), 0) << successor.errors();
  std::vector<bool> seen(1001);
  std::istringstream lines{printed.substr(0, printed.rfind('\n') + 1) + successor.output()};
  for (std::string line; std::getline(lines, line);) seen.at(std::stoul(line)) = true;
  EXPECT_EQ(std::count(seen.begin() + 1, seen.end(), true), 1000);
}

TEST(ToolSocketLeaving, the_only_peer_that_goes_for_good_is_4_and_what_is_left_is_counted) {
  ToolProcess tool{{"send", "--bind", "tcp://127.0.0.1:0", "--timeout", "300ms"}};
  AiomsgPeer peer = AiomsgPeer::connect(tool.listening_endpoint(), 'a');
  tool.type("taken\n");
  EXPECT_EQ(peer.receive(), aiomsg_data("taken").substr(4));
  peer.close();
  tool.type("left\n");
  tool.end_input();
  EXPECT_EQ(tool.wait(), 4);
  EXPECT_NE(tool.errors().find("error: no peer for 0.3 s: 1 message could not be delivered\n"), std::string::npos)
      << tool.errors();
}

TEST(ToolSocketLeaving, an_asker_that_does_not_wait_is_no_failure_of_an_echo) {
  ToolProcess echo{{"echo", "--bind", "tcp://127.0.0.1:0"}};
  const std::string endpoint = echo.listening_endpoint();
  {
    const AiomsgPeer hasty = AiomsgPeer::connect(endpoint, 'a');
    hasty.send(aiomsg_data("question"));
  }
  const AiomsgPeer peer = AiomsgPeer::connect(endpoint, 'b');
  peer.send(aiomsg_data("question"));
  EXPECT_EQ(peer.receive(), aiomsg_data("question").substr(4));
  echo.send_signal(SIGTERM);
  EXPECT_EQ(echo.wait(), 0) << echo.errors();
}

// --- signals, and streams that end ----------------------------------------------------------------------------------

TEST(ToolSocketLeaving, an_interrupt_is_0_unless_something_was_still_to_be_sent) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0"}};
  const std::string endpoint = receiver.listening_endpoint();
  ToolProcess typist{{"send", "--connect", endpoint}};
  typist.type("typed\n");
  receiver.output_line_with("typed");
  typist.send_signal(SIGINT);
  EXPECT_EQ(typist.wait(), 0) << typist.errors();

  ToolProcess sender{{"send", "--connect", endpoint, "--interval", "1h", "first", "second"}};
  receiver.output_line_with("first");
  sender.send_signal(SIGINT);
  EXPECT_EQ(sender.wait(), 1);
  EXPECT_EQ(sender.errors(), "parley: error: left before everything was sent; 1 message had been\n");

  receiver.send_signal(SIGTERM);
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "typed\nfirst\n");
}

TEST(ToolSocketLeaving, a_reader_of_its_output_that_goes_ends_it_quietly_with_1) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0"}};
  const std::string endpoint = receiver.listening_endpoint();
  const AiomsgPeer peer = AiomsgPeer::connect(endpoint, 'a');
  receiver.end_output();
  peer.send(aiomsg_data("nobody prints this"));
  EXPECT_EQ(receiver.wait(), 1);
  EXPECT_EQ(receiver.errors(), "parley: listening on " + endpoint + "\n");
}

TEST(ToolSocketLeaving, an_address_in_use_is_1) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  const ToolResult result = run_tool({"receive", "--bind", listener.endpoint()});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(result.errors.starts_with("parley: error: ")) << result.errors;
  EXPECT_NE(result.errors.find(listener.endpoint()), std::string::npos) << result.errors;
}

TEST(ToolSocketLeaving, errors_are_events_of_json_with_their_exit_code) {
  const ToolResult result = run_tool({"send", "--bind", "tcp://127.0.0.1:0", "--timeout", "100ms", "--json", "x"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.errors, "");
  const std::vector<boost::json::object> lines = json_lines(result.output);
  ASSERT_EQ(lines.size(), 3U) << result.output;
  EXPECT_EQ(lines[1].at("event"), "error");
  EXPECT_EQ(lines[1].at("exit"), 4);
  EXPECT_EQ(lines[1].at("message"), "no peer for 0.1 s");
  EXPECT_EQ(lines[2].at("event"), "closed");
}

// --- command lines --------------------------------------------------------------------------------------------------

TEST(ToolSocketLeaving, command_lines_without_sense_are_2_with_a_sentence) {
  const std::string at = "tcp://127.0.0.1:1";
  const std::vector<std::pair<std::vector<std::string>, std::string>> refusals{
      {{"send", "x"}, "an endpoint is missing: --bind ENDPOINT to wait for peers there"},
      {{"send", "--connect", "tcp://*:1", "x"}, "tcp://*:1: a wildcard host is for listening only"},
      {{"send", "--connect", at, "--connect", at, "x"}, at + " is given twice"},
      {{"send", "--connect", "nowhere", "x"}, "this is not an endpoint"},
      {{"send", "--connect", at, "--mode", "multicast", "x"}, "--mode is round-robin or publish, not \"multicast\""},
      {{"send", "--connect", at, "--mode", "publish", "--delivery", "at-least-once", "x"}, "at-least-once"},
      {{"send", "--connect", at, "--to", "me", "x"}, "--to \"me\": "},
      {{"send", "--connect", at, "--identity", "0001", "x"}, "--identity \"0001\": "},
      {{"send", "--connect", at, "--rate", "0", "x"}, "--rate is a number of messages a second, above 0, not \"0\""},
      {{"send", "--connect", at, "--rate", "1", "--interval", "1s", "x"}, "give one"},
      {{"send", "--connect", at, "--interval", "1 s", "x"}, "--interval is a time above 0"},
      {{"send", "--connect", at, "--wait-peers", "-1", "x"}, "--wait-peers is a whole number"},
      {{"send", "--connect", at, "--count", "2"}, "standard input can be read only once"},
      {{"send", "--connect", at, "--file", "a", "x"}, "not both"},
      {{"send", "--connect", at, "{{random}}"}, "{{random N}} wants a number of characters"},
      {{"send", "--connect", at, "--format", "hex", "xyz"}, "not hexadecimal digits in pairs"},
      {{"send", "--connect", "ws://127.0.0.1:1", "--dialect", "legacy", "x"}, "is not spoken over WebSocket"},
      {{"receive", "--bind", "tls://127.0.0.1:0"}, "listening on tls://127.0.0.1:0 needs a certificate"},
      {{"receive", "--bind", "tcp://127.0.0.1:0", "x"}, "not expected: x"},
      {{"receive", "--bind", "tcp://127.0.0.1:0", "--to", identity_text('a')}, "--to"},
      {{"echo", "--bind", "tcp://127.0.0.1:0", "--", "x"}, "echo takes no messages"},
  };
  for (const auto& [arguments, sentence] : refusals) {
    const ToolResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2) << sentence;
    EXPECT_TRUE(result.errors.starts_with("parley: error: ")) << result.errors;
    EXPECT_NE(result.errors.find(sentence), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace parley::test
