// parley send, receive and echo: who gets which message, and how it is written.
#include "aiomsg_peer.hpp"
#include "json_lines.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What a receiver prints of what `send` is told to send, to its end.
std::string passed_on(std::vector<std::string> sending, std::size_t count, const std::string& input = "") {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", std::to_string(count)}};
  const std::string endpoint = receiver.listening_endpoint();
  sending.insert(sending.begin(), {"send", "--connect", endpoint});
  // Both at once: with its output unread the receiver takes no more, and the sender could only say so.
  auto sender = std::async(std::launch::async, [&] { return run_tool(sending, input); });
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  const ToolResult sent = sender.get();
  EXPECT_EQ(sent.code, 0) << sent.errors;
  EXPECT_EQ(sent.output, "");
  EXPECT_EQ(sent.errors, "");
  EXPECT_EQ(receiver.errors(), "parley: listening on " + endpoint + "\n");
  return receiver.output();
}

// --- who gets what --------------------------------------------------------------------------------------------------

TEST(ToolSocket, sends_its_arguments_in_order) {
  EXPECT_EQ(passed_on({"a", "b", "--", "--json"}, 3), "a\nb\n--json\n");
  EXPECT_EQ(passed_on({"--delivery", "at-least-once", "a", "b", "c"}, 3), "a\nb\nc\n");
}

TEST(ToolSocket, sends_standard_input_line_by_line) { EXPECT_EQ(passed_on({}, 3, "one\n\nlast"), "one\n\nlast\n"); }

TEST(ToolSocket, sends_a_file_as_often_as_it_is_told) {
  const support::TemporaryFolder folder;
  std::ofstream{folder.file("lines")} << "one\ntwo\n";
  EXPECT_EQ(passed_on({"--file", folder.file("lines"), "--count", "2"}, 4), "one\ntwo\none\ntwo\n");
}

TEST(ToolSocket, delivers_a_long_input_whole) {
  std::string input;
  for (int i = 0; i < 100'000; ++i) input += "line " + std::to_string(i) + "\n";
  EXPECT_TRUE(passed_on({}, 100'000, input) == input);  // not EXPECT_EQ: what it says of so many lines takes gigabytes
}

TEST(ToolSocket, who_sends_may_bind_and_who_receives_connect) {
  ToolProcess sender{{"send", "--bind", "tcp://127.0.0.1:0", "hello"}};
  const ToolResult received = run_tool({"receive", "--connect", sender.listening_endpoint(), "--count", "1"});
  EXPECT_EQ(received.code, 0) << received.errors;
  EXPECT_EQ(received.output, "hello\n");
  EXPECT_EQ(received.errors, "");
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
}

TEST(ToolSocket, binds_and_connects_any_number_of_endpoints) {
  const support::TemporaryFolder folder;
  const RawListener server{"tcp://127.0.0.1:0"};
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--bind", "unix://" + folder.file("socket"),
                        "--connect", server.endpoint(), "--count", "3"}};
  const std::string tcp = receiver.listening_endpoint();
  receiver.error_line_with("listening on unix://" + folder.file("socket"));
  const AiomsgPeer dialled = AiomsgPeer::accept(server, 'a');
  const AiomsgPeer by_tcp = AiomsgPeer::connect(tcp, 'b');
  const AiomsgPeer by_unix = AiomsgPeer::connect("unix://" + folder.file("socket"), 'c');
  dialled.send(aiomsg_data("1"));
  receiver.output_line_with("1");
  by_tcp.send(aiomsg_data("2"));
  receiver.output_line_with("2");
  by_unix.send(aiomsg_data("3"));
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "1\n2\n3\n");
}

TEST(ToolSocket, round_robin_gives_each_peer_its_turn) {
  ToolProcess sender{{"send", "--bind", "tcp://127.0.0.1:0", "--wait-peers", "2", "1", "2", "3", "4"}};
  const std::string endpoint = sender.listening_endpoint();
  ToolProcess a{{"receive", "--connect", endpoint, "--count", "2"}};
  ToolProcess b{{"receive", "--connect", endpoint, "--count", "2"}};
  EXPECT_EQ(a.wait(), 0) << a.errors();
  EXPECT_EQ(b.wait(), 0) << b.errors();
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  EXPECT_EQ((std::set{a.output(), b.output()}), (std::set{"1\n3\n"s, "2\n4\n"s}));
}

TEST(ToolSocket, receives_what_a_peer_sent_that_has_gone_before_anybody_looked) {
  const RawListener server{"tcp://127.0.0.1:0"};
  ToolProcess receiver{{"receive", "--connect", server.endpoint(), "--count", "2"}};
  RawPeer peer = server.accept();
  ASSERT_EQ(peer.receive(22).size(), 22U);
  peer.send(aiomsg_hello(identity_bytes('a')) + aiomsg_data("1") + aiomsg_data("2"));
  peer.close();
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "1\n2\n");
}

TEST(ToolSocket, publishing_reaches_everybody) {
  ToolProcess sender{{"send", "--bind", "tcp://127.0.0.1:0", "--mode", "publish", "--wait-peers", "2", "1", "2"}};
  const std::string endpoint = sender.listening_endpoint();
  ToolProcess a{{"receive", "--connect", endpoint, "--count", "2", "--mode", "publish"}};
  ToolProcess b{{"receive", "--connect", endpoint, "--count", "2", "--mode", "publish"}};
  EXPECT_EQ(a.wait(), 0) << a.errors();
  EXPECT_EQ(b.wait(), 0) << b.errors();
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  EXPECT_EQ(a.output(), "1\n2\n");
  EXPECT_EQ(b.output(), "1\n2\n");
}

TEST(ToolSocket, sends_to_one_by_its_identity_when_it_is_there) {
  ToolProcess sender{{"send", "--bind", "tcp://127.0.0.1:0", "--to", identity_text('b'), "only you"}};
  const std::string endpoint = sender.listening_endpoint();
  const AiomsgPeer other = AiomsgPeer::connect(endpoint, 'a');
  const ToolResult meant =
      run_tool({"receive", "--connect", endpoint, "--identity", identity_text('b'), "--count", "1"});
  EXPECT_EQ(meant.output, "only you\n");
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  EXPECT_EQ(other.receive(), "");
}

TEST(ToolSocket, greets_with_its_identity) {
  ToolProcess tool{{"receive", "--bind", "tcp://127.0.0.1:0", "--identity", "000102030405060708090A0b0c0d0e0f"}};
  EXPECT_EQ(AiomsgPeer::connect(tool.listening_endpoint(), 'a').other(), "000102030405060708090a0b0c0d0e0f");
}

TEST(ToolSocket, an_echo_goes_to_its_sender_alone) {
  ToolProcess echo{{"echo", "--bind", "tcp://127.0.0.1:0", "--count", "2"}};
  const std::string endpoint = echo.listening_endpoint();
  const AiomsgPeer a = AiomsgPeer::connect(endpoint, 'a');
  const AiomsgPeer b = AiomsgPeer::connect(endpoint, 'b');
  a.send(aiomsg_data("from a"));
  EXPECT_EQ(a.receive(), aiomsg_data("from a").substr(4));
  b.send(aiomsg_data("\0\xff"s));
  EXPECT_EQ(b.receive(), aiomsg_data("\0\xff"s).substr(4));
  EXPECT_EQ(echo.wait(), 0) << echo.errors();
  EXPECT_EQ(echo.output(), "");
  EXPECT_EQ(a.receive(), "");
}

TEST(ToolSocket, the_older_wire_is_spoken_on_demand) {
  ToolProcess echo{{"echo", "--bind", "tcp://127.0.0.1:0", "--dialect", "legacy", "--count", "1"}};
  const RawPeer peer = RawPeer::connect(echo.listening_endpoint());
  peer.send("\0\0\0\x10"s + identity_bytes('a') + "\0\0\0\2m0"s);
  EXPECT_EQ(peer.receive(4), "\0\0\0\x10"s);
  EXPECT_EQ(peer.receive(16).size(), 16U);
  EXPECT_EQ(peer.receive(6), "\0\0\0\2m0"s);
  EXPECT_EQ(echo.wait(), 0) << echo.errors();
}

TEST(ToolSocket, a_message_is_acknowledged_when_it_has_been_printed) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "1"}};
  const AiomsgPeer peer = AiomsgPeer::connect(receiver.listening_endpoint(), 'a');
  peer.send(aiomsg_request(identity_bytes('1'), "wanted") + aiomsg_request(identity_bytes('2'), "left"));
  EXPECT_EQ(peer.receive(), aiomsg_acknowledgement(identity_bytes('1')).substr(4));
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "wanted\n");
}

TEST(ToolSocket, what_cannot_be_printed_is_not_acknowledged) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0"}, {.out = ToolStream::full}};
  const AiomsgPeer peer = AiomsgPeer::connect(receiver.listening_endpoint(), 'a');
  peer.send(aiomsg_request(identity_bytes('1'), "lost"));
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(receiver.wait(), 1);
  EXPECT_NE(receiver.errors().find("error: cannot write: "), std::string::npos) << receiver.errors();
}

// --- how it is written ----------------------------------------------------------------------------------------------

TEST(ToolSocket, arguments_are_templates) {
  EXPECT_EQ(passed_on({"--count", "2", "a{{count}}", "b{{ count }}c"}, 4), "a1\nb2c\na3\nb4c\n");
  EXPECT_TRUE(std::regex_match(passed_on({"{{random 40}}"}, 1), std::regex{"[0-9A-Za-z]{40}\n"}));
  EXPECT_TRUE(std::regex_match(passed_on({"{{time}}"}, 1),
                               std::regex{"20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\n"}));
  EXPECT_EQ(passed_on({"--codec", "json", "{\"a\":{\"n\":{{count}}}}"}, 1), "{\"a\":{\"n\":1}}\n");
}

TEST(ToolSocket, other_braces_stay_as_they_are_and_doubled_ones_are_themselves) {
  EXPECT_EQ(passed_on({"{{name}} {{ {{{count}}} }} {{{{count}}", "{{counter}}{{"}, 2),
            "{{name}} {{ {1} }} {{count}}\n{{counter}}{{\n");
  EXPECT_EQ(passed_on({"--literal", "{{count}} {{{{ {{random}}"}, 1), "{{count}} {{{{ {{random}}\n");
}

TEST(ToolSocket, input_is_no_template) { EXPECT_EQ(passed_on({}, 1, "{{count}}\n"), "{{count}}\n"); }

TEST(ToolSocket, formats_and_codecs_are_those_of_connections) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "2", "--format", "hex"}};
  const std::string endpoint = receiver.listening_endpoint();
  EXPECT_EQ(run_tool({"send", "--connect", endpoint, "--format", "quoted", "a\\n\\x00"}).code, 0);
  EXPECT_EQ(run_tool({"send", "--connect", endpoint, "--codec", "msgpack", "{\"id\":{{count}}}"}).code, 0);
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "610a00\n81a2696401\n");
}

TEST(ToolSocket, a_message_that_is_not_of_the_codec_is_reported_and_makes_the_exit_code_5) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "2", "--codec", "json"}};
  const AiomsgPeer peer = AiomsgPeer::connect(receiver.listening_endpoint(), 'a');
  peer.send(aiomsg_data("no json") + aiomsg_data("[1, 2]"));
  EXPECT_EQ(receiver.wait(), 5);
  EXPECT_EQ(receiver.output(), "[1,2]\n");
  EXPECT_NE(receiver.errors().find("error: a message from " + identity_text('a') + " was rejected: "),
            std::string::npos)
      << receiver.errors();
}

TEST(ToolSocket, a_line_that_is_no_message_is_left_out_and_makes_the_exit_code_1) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "2"}};
  const ToolResult sent =
      run_tool({"send", "--connect", receiver.listening_endpoint(), "--format", "hex"}, "61\nxyz\n62\n");
  EXPECT_EQ(sent.code, 1);
  EXPECT_NE(sent.errors.find("not hexadecimal digits in pairs: \"xyz\"; not sent"), std::string::npos) << sent.errors;
  EXPECT_EQ(receiver.wait(), 0);
  EXPECT_EQ(receiver.output(), "a\nb\n");
}

TEST(ToolSocket, no_peer_can_drive_the_terminal_through_a_socket) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0"}, {.out = ToolStream::terminal}};
  const AiomsgPeer peer = AiomsgPeer::connect(receiver.listening_endpoint(), 'a');
  peer.send(aiomsg_data("\x1b[2J\x07tab"));
  EXPECT_EQ(receiver.output_line_with("tab"), "\\x1b[2J\\x07tab\r");
}

TEST(ToolSocket, a_pace_is_kept) {
  // Two in the first moment perhaps, but never more than one in the time that follows.
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(passed_on({"--interval", "50ms", "1", "2", "3", "4", "5"}, 5), "1\n2\n3\n4\n5\n");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{200});
  const auto middle = std::chrono::steady_clock::now();
  EXPECT_EQ(lines_of(passed_on({"--rate", "100", "--count", "30", "x"}, 30)).size(), 30U);
  EXPECT_GE(std::chrono::steady_clock::now() - middle, std::chrono::milliseconds{190});
}

// --- what is told ---------------------------------------------------------------------------------------------------

TEST(ToolSocket, verbose_tells_who_sends_and_who_comes_and_goes) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--verbose"}};
  AiomsgPeer peer = AiomsgPeer::connect(receiver.listening_endpoint(), 'a');
  peer.send(aiomsg_data("hello"));
  const std::string up = receiver.error_line_with(" is up ");
  EXPECT_TRUE(up.starts_with("parley: peer " + identity_text('a') + " is up (tcp://127.0.0.1:")) << up;
  EXPECT_EQ(receiver.error_line_with(" bytes from "), "parley: 5 bytes from " + identity_text('a'));
  peer.close();
  const std::string lost = receiver.error_line_with(" is lost");
  EXPECT_TRUE(lost.starts_with("parley: peer " + identity_text('a') + " is lost: ")) << lost;
  receiver.send_signal(SIGTERM);
  EXPECT_EQ(receiver.wait(), 0) << receiver.errors();
  EXPECT_EQ(receiver.output(), "hello\n");
}

TEST(ToolSocket, json_tells_every_event) {
  ToolProcess receiver{{"receive", "--bind", "tcp://127.0.0.1:0", "--json", "--count", "2"}};
  const std::string listening = receiver.output_line_with("listening");
  const std::string endpoint =
      listening.substr(listening.find("tcp://"), listening.rfind('"') - listening.find("tcp://"));
  AiomsgPeer first = AiomsgPeer::connect(endpoint, 'a');
  first.send(aiomsg_data("hello"));
  receiver.output_line_with("hello");
  first.close();
  receiver.output_line_with("peer_lost");
  const AiomsgPeer second = AiomsgPeer::connect(endpoint, 'b');
  second.send(aiomsg_data("\xff\0"s));
  EXPECT_EQ(receiver.wait(), 0);
  EXPECT_EQ(receiver.errors(), "");
  const std::vector<boost::json::object> lines = json_lines(receiver.output());
  ASSERT_EQ(lines.size(), 7U) << receiver.output();
  EXPECT_EQ(lines[0].at("event"), "listening");
  EXPECT_EQ(lines[1].at("event"), "peer_up");
  EXPECT_EQ(lines[1].at("identity"), boost::json::value(identity_text('a')));
  EXPECT_EQ(lines[2].at("event"), "message");
  EXPECT_EQ(lines[2].at("sender"), boost::json::value(identity_text('a')));
  EXPECT_EQ(lines[2].at("size"), 5);
  EXPECT_EQ(lines[2].at("text"), "hello");
  EXPECT_EQ(lines[3].at("event"), "peer_lost");
  EXPECT_EQ(lines[3].at("count"), 0);
  EXPECT_EQ(lines[4].at("event"), "peer_up");
  EXPECT_EQ(lines[5].at("base64"), "/wA=");
  EXPECT_EQ(lines[6].at("event"), "closed");
  EXPECT_EQ(lines[6].at("received"), 2);
  EXPECT_EQ(lines[6].at("unsent"), 0);
}

TEST(ToolSocket, what_peers_send_to_send_is_counted_and_not_printed) {
  ToolProcess sender{{"send", "--bind", "tcp://127.0.0.1:0"}};
  const AiomsgPeer peer = AiomsgPeer::connect(sender.listening_endpoint(), 'a');
  peer.send(aiomsg_request(identity_bytes('1'), "answer"));
  EXPECT_EQ(peer.receive(), aiomsg_acknowledgement(identity_bytes('1')).substr(4));
  sender.type("question\n");
  sender.end_input();
  EXPECT_EQ(peer.receive(), aiomsg_data("question").substr(4));
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  EXPECT_EQ(sender.output(), "");
  EXPECT_NE(sender.errors().find("parley: 1 message came meanwhile, which send does not print\n"), std::string::npos)
      << sender.errors();
}

}  // namespace
}  // namespace parley::test
