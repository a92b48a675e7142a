// --classify, --otherwise and --on: a command for each kind of peer.
#include "json_lines.hpp"
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace parley::test {
namespace {

using namespace std::string_literals;

std::vector<std::string> listen_by_kinds(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"listen", "tcp://127.0.0.1:0", "--framing", "separator"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

const std::vector<std::string> panels_and_meters{"--classify", "!!=panel",
                                                 "--classify", "M:=meter",
                                                 "--on",       "panel=sed 's/!!/ack/'",
                                                 "--on",       "meter=sed 's/M:/read /'"};

std::vector<std::string> and_also(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST(ToolKinds, each_kind_of_peer_is_answered_by_its_own_command) {
  ToolProcess tool{listen_by_kinds(panels_and_meters)};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer panel = RawPeer::connect(endpoint);
  const RawPeer meter = RawPeer::connect(endpoint);
  panel.send("!! one\n");
  EXPECT_EQ(panel.receive(8), "ack one\n");
  meter.send("M:230\n");
  EXPECT_EQ(meter.receive(9), "read 230\n");
  // What it is was settled by the first message: another prefix changes nothing.
  panel.send("M:2\n");
  EXPECT_EQ(panel.receive(4), "M:2\n");
  EXPECT_EQ(tool.output_line_with("M:2"), "M:230");
  EXPECT_NE(tool.error_line_with("of the kind panel").find("tcp://127.0.0.1:"), std::string::npos);
  tool.error_line_with("of the kind meter");
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0) << tool.errors();
  EXPECT_NE(tool.errors().find(" (panel): 2 messages received, 2 messages sent\n"), std::string::npos) << tool.errors();
}

TEST(ToolKinds, the_longest_prefix_decides_and_may_have_escapes_and_the_sign_in_it) {
  ToolProcess tool{listen_by_kinds({"--format", "raw", "--classify", "a=short", "--classify", "a=b=long", "--classify",
                                    "\\x02\\0=binary", "--on", "short=printf short", "--on", "long=printf long", "--on",
                                    "binary=printf binary"})};
  const std::string endpoint = tool.listening_endpoint();
  const auto answer_to = [&endpoint](const std::string& first) {
    const RawPeer peer = RawPeer::connect(endpoint);
    peer.send(first + "\n");
    peer.end_sending();
    return peer.receive_all();
  };
  EXPECT_EQ(answer_to("a"), "short\n");
  EXPECT_EQ(answer_to("a=a"), "short\n");
  EXPECT_EQ(answer_to("a=b"), "long\n");
  EXPECT_EQ(answer_to("\x02\0\xff"s), "binary\n");
}

TEST(ToolKinds, a_command_that_prints_nothing_sends_nothing_and_a_newline_is_an_empty_message) {
  ToolProcess tool{listen_by_kinds({"--classify", "x=device", "--on", "device=grep -v quiet | tr -d e || true"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(
      "x quiet\nx quiet\n"
      "e\n"
      "x\n");
  EXPECT_EQ(peer.receive(3), "\nx\n");
}

TEST(ToolKinds, with_a_codec_too_nothing_printed_is_nothing_sent) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--codec", "json", "--classify", "{=device", "--on",
                    "device=grep -v quiet || true"}};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send(framed("{\"quiet\":1}") + framed("[2]"));
  EXPECT_EQ(peer.receive(7), framed("[2]"));
}

TEST(ToolKinds, the_command_knows_who_it_answers) {
  ToolProcess tool{listen_by_kinds(
      {"--classify", "p=panel", "--on", "panel=echo $PARLEY_KIND $PARLEY_CONNECTION $PARLEY_ENDPOINT $PARLEY_PEER"})};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer peer = RawPeer::connect(endpoint);
  peer.send("p\n");
  peer.end_sending();
  const std::string answer = peer.receive_all();
  EXPECT_TRUE(answer.starts_with("panel 1 " + endpoint + " tcp://127.0.0.1:")) << answer;
}

TEST(ToolKinds, what_it_inherits_does_not_hide_who_it_answers) {
  const ToolSetting setting{.environment = {"PARLEY_KIND=stale", "PARLEY_PEERS=3"}};
  ToolProcess tool{listen_by_kinds({"--classify", "p=panel", "--on", "panel=echo $PARLEY_KIND $PARLEY_PEERS"}),
                   setting};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send("p\n");
  EXPECT_EQ(peer.receive(8), "panel 3\n");
}

// --- peers of no kind -----------------------------------------------------------------------------------------------

TEST(ToolKinds, a_peer_that_begins_with_no_prefix_is_told_and_closed_and_the_others_go_on) {
  ToolProcess tool{listen_by_kinds(panels_and_meters)};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer stranger = RawPeer::connect(endpoint);
  stranger.send("GET / HTTP/1.1\nHost: x\n");
  EXPECT_EQ(stranger.receive_all(), "");
  const std::string line = tool.error_line_with("error: ");
  EXPECT_TRUE(
      line.starts_with("parley: error: the first message, \"GET / HTTP/1.1\", begins with no PREFIX of "
                       "--classify; the connection is closed without an answer (tcp://127.0.0.1:"))
      << line;
  const RawPeer panel = RawPeer::connect(endpoint);
  panel.send("!!\n");
  EXPECT_EQ(panel.receive(4), "ack\n");
  tool.send_signal(SIGTERM);
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "!!\n");
}

TEST(ToolKinds, with_once_a_peer_of_no_kind_is_exit_code_5) {
  ToolProcess tool{listen_by_kinds(and_also(panels_and_meters, {"--once"}))};
  const RawPeer stranger = RawPeer::connect(tool.listening_endpoint());
  stranger.send("hello\n");
  EXPECT_EQ(tool.wait(), 5) << tool.errors();
}

TEST(ToolKinds, those_that_begin_with_no_prefix_may_have_a_kind_of_their_own) {
  for (const std::vector<std::string>& rest :
       {std::vector<std::string>{"--otherwise", "visitor", "--on", "visitor=printf '%s\\n' \"hello $PARLEY_KIND\""},
        std::vector<std::string>{"--on", "unclassified=printf '%s\\n' \"hello $PARLEY_KIND\""}}) {
    ToolProcess tool{listen_by_kinds(and_also(panels_and_meters, rest))};
    const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
    peer.send("who are you\n");
    peer.end_sending();
    EXPECT_EQ(peer.receive_all(), rest.size() == 4 ? "hello visitor\n" : "hello unclassified\n");
  }
}

// --- commands that fail, and many -----------------------------------------------------------------------------------

TEST(ToolKinds, a_command_that_fails_is_named_by_its_kind_and_closes_its_connection_alone) {
  ToolProcess tool{
      listen_by_kinds({"--classify", "a=good", "--classify", "b=bad", "--on", "good=cat", "--on", "bad=exit 7"})};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer good = RawPeer::connect(endpoint);
  const RawPeer bad = RawPeer::connect(endpoint);
  good.send("a\n");
  EXPECT_EQ(good.receive(2), "a\n");
  bad.send("b\nb\n");
  EXPECT_EQ(bad.receive_all(), "");
  const std::string line = tool.error_line_with("error: ");
  EXPECT_NE(line.find("the command for bad left with exit code 7; the connection is closed"), std::string::npos)
      << line;
  good.send("a\n");
  EXPECT_EQ(good.receive(2), "a\n");
}

TEST(ToolKinds, commands_work_so_many_at_a_time_as_concurrency_says) {
  const support::TemporaryFolder folder;
  const std::string gate = folder.file("gate");
  const std::string marker = folder.file("marker");
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  ToolProcess tool{listen_by_kinds({"--concurrency", "1", "--classify", "wait=waits", "--classify", "go=goes", "--on",
                                    "waits=echo begun >&2; cat " + gate + "; test -e " + marker + " || echo alone",
                                    "--on", "goes=touch " + marker + "; cat"})};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer waits = RawPeer::connect(endpoint);
  waits.send("wait\n");
  tool.error_line_with("begun");
  const RawPeer goes = RawPeer::connect(endpoint);
  goes.send("go\n");
  tool.error_line_with("of the kind goes");
  std::ofstream{gate} << "";
  EXPECT_EQ(waits.receive(6), "alone\n");
  EXPECT_EQ(goes.receive(3), "go\n");
}

TEST(ToolKinds, a_second_interrupt_kills_the_commands) {
  ToolProcess tool{listen_by_kinds({"--classify", "x=device", "--on", "device=echo begun >&2; sleep 1000"})};
  const RawPeer peer = RawPeer::connect(tool.listening_endpoint());
  peer.send("x\n");
  tool.error_line_with("begun");
  tool.send_signal(SIGINT);
  tool.send_signal(SIGTERM);
  EXPECT_GT(tool.wait(), 128);
}

// --- for programs ---------------------------------------------------------------------------------------------------

TEST(ToolKinds, json_has_the_kind_in_every_event_from_the_first_message_on) {
  ToolProcess tool{listen_by_kinds(and_also(panels_and_meters, {"--json", "--once"}))};
  const std::string listening = tool.output_line_with("listening");
  const RawPeer peer = RawPeer::connect(json_lines(listening + "\n")[0].at("endpoint").as_string().c_str());
  peer.send("!! 4-1\n");
  EXPECT_EQ(peer.receive(8), "ack 4-1\n");
  peer.end_sending();
  EXPECT_EQ(tool.wait(), 0);
  const std::vector<boost::json::object> lines = json_lines(tool.output());
  ASSERT_EQ(lines.size(), 5u) << tool.output();
  EXPECT_FALSE(lines[1].contains("kind"));
  const char* const events[] = {"listening", "connected", "classified", "message", "closed"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("event"), events[i]);
    if (i >= 2) {
      EXPECT_EQ(lines[i].at("kind"), "panel");
    }
  }
  EXPECT_EQ(lines[3].at("text"), "!! 4-1");
}

// --- what makes no sense --------------------------------------------------------------------------------------------

struct KindRefusal {
  std::vector<std::string> options;
  std::string sentence;
};

TEST(ToolKinds, what_makes_no_sense_is_refused_by_the_name_of_what_is_missing) {
  const std::vector<KindRefusal> refusals{
      {{"--on", "panel=cat"}, "--on needs --classify PREFIX=KIND"},
      {{"--otherwise", "visitor"}, "--otherwise is for peers that begin with no PREFIX"},
      {{"--classify", "!!=panel"}, "no --on answers peers of the kind panel; give --on panel=COMMAND"},
      {{"--classify", "!!=panel", "--on", "panel=cat", "--otherwise", "visitor"},
       "no --on answers peers of the kind visitor"},
      {{"--classify", "!!=panel", "--on", "pannel=cat"},
       "--on pannel: --classify names no kind pannel; the kinds are panel and unclassified"},
      {{"--classify", "!!=panel", "--classify", "\\x21!=meter"}, "--classify has the prefix \"!!\" twice"},
      {{"--classify", "!!=panel", "--on", "panel=cat", "--on", "panel=wc"}, "--on panel is given twice"},
      {{"--classify", "panel"}, "--classify is PREFIX=KIND, not \"panel\""},
      {{"--classify", "=panel"}, "has no prefix; --otherwise panel is for peers that begin with none"},
      {{"--classify", "!!="}, "a kind is named by letters, digits"},
      {{"--classify", "!!=a b"}, "a kind is named by letters, digits"},
      {{"--classify", "\\q=panel"}, "the escapes of a prefix are"},
      {{"--classify", "!!=panel", "--on", "panel"}, "--on is KIND=COMMAND, not \"panel\""},
      {{"--classify", "!!=panel", "--on", "panel="}, "--on is KIND=COMMAND, not \"panel=\""},
      {and_also(panels_and_meters, {"--echo"}), "--echo and --on both say what is sent back"},
      {and_also(panels_and_meters, {"--exec", "cat"}), "--exec and --on both say what is sent back"},
      {and_also(panels_and_meters, {"--framing", "raw"}), "--on needs messages, and --framing raw has none"},
      {{"--concurrency", "3"}, "--concurrency is about commands"},
      {{"--exec", "cat", "--concurrency", "1001"}, "--concurrency is a whole number, at least 1 and at most 1000"},
  };
  for (const auto& [options, sentence] : refusals) {
    const ToolResult result = run_tool(and_also({"listen", "tcp://127.0.0.1:0"}, options));
    EXPECT_EQ(result.code, 2) << sentence;
    EXPECT_NE(result.errors.find(sentence), std::string::npos) << result.errors << "\n for " << sentence;
  }
  EXPECT_EQ(run_tool({"connect", "tcp://127.0.0.1:1", "--classify", "x=y"}).code, 2);
}

}  // namespace
}  // namespace parley::test
