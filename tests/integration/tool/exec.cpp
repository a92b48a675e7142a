// --exec: a command answers.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace parley::test {
namespace {

using namespace std::string_literals;

std::vector<std::string> listen_exec(const std::string& command, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"listen", "tcp://127.0.0.1:0", "--exec", command};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(ToolExec, what_the_command_prints_is_sent_back) {
  ToolProcess tool{listen_exec("tr a-z A-Z")};
  const ToolResult result = run_tool({"connect", tool.listening_endpoint(), "--count", "3", "one", "", "two words"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "ONE\n\nTWO WORDS\n");
  EXPECT_EQ(tool.output_line_with("two"), "two words");
}

TEST(ToolExec, cat_is_an_echo_in_every_format) {
  std::string body = "\n";
  for (int i = 0; i < 256; i += 3) body += static_cast<char>(i);
  body += '\n';
  for (const char* const format : {"text", "quoted", "json", "hex", "base64", "raw"}) {
    SCOPED_TRACE(format);
    ToolProcess tool{listen_exec("cat", {"--format", format, "--discard"})};
    const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
    peer.send(framed(body) + framed(""));
    EXPECT_EQ(peer.receive(8 + body.size()), framed(body) + framed(""));
  }
}

TEST(ToolExec, with_a_codec_the_command_reads_and_writes_json) {
  ToolProcess tool{listen_exec("sed 's/7/[8, null]/'", {"--codec", "msgpack"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("\x81\xa2id\x07"));
  EXPECT_EQ(peer.receive(11), framed("\x81\xa2id\x92\x08\xc0"));
}

TEST(ToolExec, connect_can_answer_too) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"connect", listener.endpoint(), "--exec", "wc -c", "--format", "raw", "--count", "1", "hello"}};
  const RawPeer peer = listener.accept();
  EXPECT_EQ(peer.receive(9), framed("hello"));
  peer.send(framed("four"));
  EXPECT_EQ(peer.receive_all(), framed("4\n"));
  EXPECT_EQ(tool.wait(), 0);
}

// --- commands that fail ---------------------------------------------------------------------------------------------

TEST(ToolExec, a_command_that_fails_closes_its_connection_alone_and_what_it_printed_is_not_sent) {
  ToolProcess tool{listen_exec("read x; echo got $x; test $x = good")};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer good = RawPeer::connect(endpoint);
  const RawPeer bad = RawPeer::connect(endpoint);
  good.send(framed("good"));
  EXPECT_EQ(good.receive(12), framed("got good"));
  bad.send(framed("good") + framed("bad") + framed("good"));
  EXPECT_EQ(bad.receive_all(), framed("got good"));
  const std::string line = tool.error_line_with("error: ");
  EXPECT_TRUE(line.starts_with(
      "parley: error: the command left with exit code 1; the connection is closed without an answer (tcp://127.0.0.1:"))
      << line;
  good.send(framed("good"));
  EXPECT_EQ(good.receive(12), framed("got good"));
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0);
}

TEST(ToolExec, a_command_that_fails_is_1_where_there_is_one_peer) {
  ToolProcess once{listen_exec("exit 3", {"--once", "--json"})};
  const std::string listening = once.output_line_with("listening");
  const RawPeer peer = RawPeer::connect(json_lines(listening + "\n")[0].at("endpoint").as_string().c_str());
  peer.send(framed("x"));
  EXPECT_EQ(once.wait(), 1);
  const std::vector<boost::json::object> lines = json_lines(once.output());
  ASSERT_EQ(lines.size(), 5u) << once.output();
  EXPECT_EQ(lines[3].at("event"), "error");
  EXPECT_EQ(lines[3].at("connection"), 1);
  EXPECT_EQ(lines[3].at("exit"), 1);

  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess connecting{{"connect", listener.endpoint(), "--exec", "kill -9 $$"}};
  const RawPeer other = listener.accept();
  other.send(framed("x"));
  EXPECT_EQ(connecting.wait(), 1);
  EXPECT_NE(connecting.errors().find("was killed by signal 9"), std::string::npos) << connecting.errors();
}

TEST(ToolExec, a_command_that_does_not_exist_is_the_shells_to_name) {
  ToolProcess tool{listen_exec("/no/such/command")};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_NE(tool.error_line_with("error: ").find("exit code 127"), std::string::npos);
  EXPECT_NE(tool.errors().find("/no/such/command: not found"), std::string::npos) << tool.errors();
}

TEST(ToolExec, output_that_is_no_message_in_the_format_is_not_sent) {
  ToolProcess tool{listen_exec("echo xyz", {"--format", "hex"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_NE(tool.error_line_with("error: ").find("the command printed no message: not hexadecimal digits"),
            std::string::npos);
}

TEST(ToolExec, a_message_that_is_not_of_the_codec_has_no_answer_either) {
  ToolProcess tool{listen_exec("cat", {"--codec", "json"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("1") + framed("nope") + framed("2"));
  EXPECT_EQ(peer.receive_all(), framed("1"));
}

// --- peers that go --------------------------------------------------------------------------------------------------

const char* const endless = "echo it has begun >&2; sleep 1000";
const char* const gone = "error: the command was killed, as its peer has gone";

TEST(ToolExec, a_peer_whose_connection_breaks_takes_its_command_along_and_no_other) {
  const support::TemporaryFolder folder;
  const std::string go_on = folder.file("go on");
  ToolProcess tool{listen_exec("read x; echo $x has begun >&2; if test $x = waits; then read y < '" + go_on +
                               "'; echo $y; else sleep 1000; fi")};
  ASSERT_EQ(::mkfifo(go_on.c_str(), 0600), 0);
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer waits = RawPeer::connect(endpoint);
  waits.send(framed("waits"));
  tool.error_line_with("waits has begun");
  RawPeer goes = RawPeer::connect(endpoint);
  goes.send(framed("goes"));
  tool.error_line_with("goes has begun");
  goes.reset();
  EXPECT_NE(tool.error_line_with("error: ").find(gone), std::string::npos);
  std::ofstream{go_on} << "done\n";
  EXPECT_EQ(waits.receive(8), framed("done"));
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

TEST(ToolExec, a_peer_that_ends_its_direction_alone_gets_its_answers) {
  const support::TemporaryFolder folder;
  const std::string fifo = folder.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ToolProcess tool{listen_exec("echo it has begun >&2; cat " + fifo)};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("1") + framed("2"));
  peer.end_sending();
  tool.error_line_with("it has begun");
  std::ofstream{fifo} << "first";
  EXPECT_EQ(peer.receive(9), framed("first"));
  std::ofstream{fifo} << "second";
  EXPECT_EQ(peer.receive_all(), framed("second"));
}

TEST(ToolExec, over_websocket_a_peer_that_closes_has_gone) {
  ToolProcess tool{{"listen", "ws://127.0.0.1:0", "--exec", endless}};
  ToolProcess peer{{"connect", tool.listening_endpoint(), "--count", "1", "x"}};
  tool.error_line_with("it has begun");
  peer.send_signal(SIGTERM);
  EXPECT_NE(tool.error_line_with("error: ").find(gone), std::string::npos);
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

// --- bounds ---------------------------------------------------------------------------------------------------------

TEST(ToolExec, output_without_end_is_cut) {
  ToolProcess tool{listen_exec("yes", {"--max-size", "1000"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  EXPECT_EQ(peer.receive_all(), "");
  EXPECT_NE(tool.error_line_with("error: ").find("having printed more than"), std::string::npos);
}

TEST(ToolExec, what_works_for_longer_than_the_time_out_is_killed_with_all_it_started) {
  ToolProcess tool{listen_exec("sleep 1000 & sleep 1000", {"--timeout", "0.2"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  EXPECT_EQ(peer.receive_all(), "");
  // Then nothing moves any more. What would still run has our end of its standard error, for whose end this waits.
  EXPECT_EQ(tool.wait(), 3);
  EXPECT_NE(tool.errors().find("having worked for 0.2 s"), std::string::npos) << tool.errors();
}

TEST(ToolExec, a_command_need_not_read_its_input_and_a_broken_pipe_is_its_end_as_usual) {
  ToolProcess tool{listen_exec("yes | head -n 1", {"--format", "raw", "--discard"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send("\0\x20\0\0"s + std::string(0x200000, 'x'));
  EXPECT_EQ(peer.receive(6), framed("y\n"));
}

TEST(ToolExec, large_messages_go_through_while_the_command_reads_and_writes) {
  ToolProcess tool{listen_exec("cat", {"--format", "raw", "--discard"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  std::string large = "\0\x20\0\0"s;
  for (int i = 0; i < 0x200000; ++i) large += static_cast<char>(i * 31 >> 3);
  peer.send(large);
  EXPECT_TRUE(peer.receive(large.size()) == large);
}

// --- many -----------------------------------------------------------------------------------------------------------

std::string make_fifo(const support::TemporaryFolder& folder) {
  const std::string path = folder.file("fifo");
  EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
  return path;
}

TEST(ToolExec, commands_of_several_peers_work_at_once) {
  const support::TemporaryFolder folder;
  const std::string fifo = make_fifo(folder);
  ToolProcess tool{listen_exec("read x; if test $x = wait; then cat " + fifo + "; else echo $x > " + fifo + "; fi")};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer waits = RawPeer::connect(endpoint);
  waits.send(framed("wait"));
  const RawPeer wakes = RawPeer::connect(endpoint);
  wakes.send(framed("wake"));
  EXPECT_EQ(wakes.receive(4), framed(""));
  EXPECT_EQ(waits.receive(8), framed("wake"));
}

TEST(ToolExec, more_than_work_at_once_take_turns) {
  ToolProcess tool{listen_exec("cat")};
  const std::string endpoint = tool.listening_endpoint();
  std::vector<RawPeer> peers;
  for (int i = 0; i < 100; ++i) peers.push_back(RawPeer::connect(endpoint));
  for (const RawPeer& peer : peers) peer.send(framed("1") + framed("2"));
  for (const RawPeer& peer : peers) EXPECT_EQ(peer.receive(10), framed("1") + framed("2"));
}

std::size_t descriptor_count(pid_t process) {
  const std::filesystem::directory_iterator all{"/proc/" + std::to_string(process) + "/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::string children(pid_t process) {
  const std::string number = std::to_string(process);
  std::ifstream file{"/proc/" + number + "/task/" + number + "/children"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(ToolExec, leaves_neither_descriptors_nor_zombies_behind_and_hands_none_down) {
  ToolProcess tool{listen_exec("echo /proc/self/fd/*")};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  std::size_t before = 0;
  for (int i = 0; i < 20; ++i) {
    peer.send(framed("x"));
    // The last is the folder, as the shell looks into it.
    const std::string open = "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3";
    EXPECT_EQ(peer.receive(4 + open.size()), framed(open));
    if (i == 0) before = descriptor_count(tool.pid());
  }
  EXPECT_EQ(descriptor_count(tool.pid()), before);
  EXPECT_EQ(children(tool.pid()), "");
}

// --- the end --------------------------------------------------------------------------------------------------------

TEST(ToolExec, an_interrupt_lets_the_commands_end_and_sends_their_answers) {
  const support::TemporaryFolder folder;
  const std::string fifo = make_fifo(folder);
  ToolProcess tool{listen_exec("echo it has begun >&2; cat " + fifo)};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  tool.error_line_with("it has begun");
  tool.send_signal(SIGTERM);
  std::ofstream{fifo} << "late but there";
  EXPECT_EQ(peer.receive_all(), framed("late but there"));
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
}

TEST(ToolExec, a_second_interrupt_kills_the_commands_as_well) {
  // If one lived on, it would hold our pipe for its standard error, for whose end wait() waits.
  ToolProcess tool{listen_exec(endless)};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("x"));
  tool.error_line_with("it has begun");
  tool.send_signal(SIGINT);
  tool.send_signal(SIGTERM);  // another number: two of one may arrive as one
  EXPECT_GT(tool.wait(), 128);
}

TEST(ToolExec, combinations_without_sense_are_refused) {
  const std::vector<std::vector<std::string>> refusals{
      {"--exec", ""}, {"--exec", "cat", "--echo"}, {"--exec", "cat", "--framing", "raw"}};
  for (const std::vector<std::string>& options : refusals) {
    std::vector<std::string> arguments{"listen", "tcp://127.0.0.1:0"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ToolResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.errors.find("--exec"), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace parley::test
