// parley proxy: that it passes everything on, and what it does badly on demand.
#include "aiomsg_peer.hpp"
#include "json_lines.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

/// A proxy, and where its sides are.
struct ToolProxy {
  explicit ToolProxy(const std::vector<std::string>& options)
      : process{with(options)},
        front{endpoint_in(process.error_line_with("front listening on "))},
        back{endpoint_in(process.error_line_with("back listening on "))} {}

  static std::vector<std::string> with(const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"proxy", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
  }
  static std::string endpoint_in(const std::string& line) { return line.substr(line.find("tcp://")); }

  /// The exit code after a signal.
  int leave() {
    process.send_signal(SIGTERM);
    return process.wait();
  }

  ToolProcess process;
  std::string front;
  std::string back;
};

std::string numbered_lines(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
  return text;
}

std::multiset<std::string> as_set(const std::string& text) {
  std::istringstream stream{text};
  std::multiset<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

TEST(ToolProxy, passes_everything_on_in_order) {
  for (const char* const delivery : {"at-least-once", "at-most-once"}) {
    ToolProxy proxy{{"--delivery", delivery}};
    ToolProcess worker{{"receive", "--connect", proxy.back, "--count", "5000"}};
    const ToolResult sent =
        run_tool({"send", "--connect", proxy.front, "--delivery", delivery}, numbered_lines(1, 5000));
    EXPECT_EQ(sent.code, 0) << sent.errors;
    EXPECT_EQ(worker.wait(), 0) << worker.errors();
    EXPECT_EQ(worker.output(), numbered_lines(1, 5000));
    EXPECT_EQ(proxy.leave(), 0) << proxy.process.errors();
    EXPECT_NE(proxy.process.errors().find("parley: 5000 messages (18893 bytes) passed on\n"), std::string::npos)
        << proxy.process.errors();
  }
}

TEST(ToolProxy, spreads_work_over_those_who_are_there) {
  ToolProxy proxy{{}};
  ToolProcess a{{"receive", "--connect", proxy.back, "--count", "50"}};
  ToolProcess b{{"receive", "--connect", proxy.back, "--count", "50"}};
  a.send_signal(0);
  EXPECT_EQ(run_tool({"peers", proxy.back, "--for", "200ms"}).code, 0);
  // Each takes half of it only if both are there first.
  ToolProcess sender{{"send", "--connect", proxy.front, "--count", "100", "{{count}}"}};
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  EXPECT_EQ(a.wait(), 0) << a.errors();
  EXPECT_EQ(b.wait(), 0) << b.errors();
  EXPECT_EQ(as_set(a.output() + b.output()), as_set(numbered_lines(1, 100)));
}

TEST(ToolProxy, answers_go_back_through_it_on_demand) {
  ToolProxy proxy{{"--both-ways"}};
  const ToolProcess worker{{"echo", "--connect", proxy.back}};
  const AiomsgPeer asker = AiomsgPeer::connect(proxy.front, 'a');
  asker.send(aiomsg_request(identity_bytes('1'), "question"));
  // An acknowledgement, and the answer, which wants one as well.
  std::string answer;
  while (answer.find("question") == std::string::npos) {
    answer = asker.receive();
    ASSERT_NE(answer, "");
  }
}

TEST(ToolProxy, a_side_may_connect) {
  ToolProcess worker{{"receive", "--bind", "tcp://127.0.0.1:0", "--count", "1"}};
  ToolProcess proxy{{"proxy", "tcp://127.0.0.1:0", worker.listening_endpoint(), "--connect-back"}};
  const std::string front = ToolProxy::endpoint_in(proxy.error_line_with("front listening on "));
  EXPECT_EQ(run_tool({"send", "--connect", front, "hello"}).code, 0);
  EXPECT_EQ(worker.wait(), 0) << worker.errors();
  EXPECT_EQ(worker.output(), "hello\n");
}

TEST(ToolProxy, takes_no_more_than_is_taken_from_it) {
  ToolProxy proxy{{}};
  // Nobody is at its back. It holds some, and more than it holds never fits.
  const ToolResult sent = run_tool({"send", "--connect", proxy.front, "--count", "400", "--timeout", "500ms",
                                    "--literal", std::string(120'000, 'x')});
  EXPECT_EQ(sent.code, 3) << sent.errors;
  EXPECT_NE(sent.errors.find("nothing moved for 0.5 s: "), std::string::npos) << sent.errors;
}

TEST(ToolProxy, nothing_is_lost_with_a_worker) {
  ToolProxy proxy{{}};
  ToolProcess sender{{"send", "--connect", proxy.front, "--delivery", "at-least-once", "--rate", "2000", "--count",
                      "1000", "{{count}}"}};
  std::string printed;
  {
    ToolProcess killed{{"receive", "--connect", proxy.back}};
    killed.output_line_with("100");
    killed.send_signal(SIGKILL);
    killed.wait();
    printed = killed.output().substr(0, killed.output().rfind('\n') + 1);
  }
  ToolProcess successor{{"receive", "--connect", proxy.back}};
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  successor.send_signal(SIGTERM);
  EXPECT_EQ(successor.wait(), 0) << successor.errors();
  const std::multiset<std::string> wanted = as_set(numbered_lines(1, 1000));
  const std::multiset<std::string> got = as_set(printed + successor.output());
  EXPECT_EQ(std::set(got.begin(), got.end()), std::set(wanted.begin(), wanted.end()));
}

TEST(ToolProxy, an_interrupt_passes_on_what_has_been_sent) {
  ToolProxy proxy{{"--delivery", "at-most-once"}};
  EXPECT_EQ(run_tool({"send", "--connect", proxy.front}, numbered_lines(1, 1000)).code, 0);
  ToolProcess worker{{"receive", "--connect", proxy.back, "--count", "1000", "--rate", "5000"}};
  worker.output_begins();
  EXPECT_EQ(proxy.leave(), 0) << proxy.process.errors();
  EXPECT_EQ(worker.wait(), 0) << worker.errors();
  EXPECT_EQ(worker.output(), numbered_lines(1, 1000));
}

TEST(ToolProxy, what_it_cannot_pass_on_in_time_is_1_and_counted) {
  ToolProxy proxy{{"--delivery", "at-most-once"}};
  EXPECT_EQ(run_tool({"send", "--connect", proxy.front, "a", "b"}).code, 0);
  EXPECT_EQ(proxy.leave(), 1);
  EXPECT_NE(proxy.process.errors().find("error: 2 messages could not be delivered\n"), std::string::npos)
      << proxy.process.errors();
}

// --- faults ---------------------------------------------------------------------------------------------------------

TEST(ToolProxy, drops_are_counted_and_told_even_when_it_is_quiet) {
  ToolProcess worker{{"receive", "--bind", "tcp://127.0.0.1:0"}};
  const RawListener reserved{"tcp://127.0.0.1:0"};
  ToolProxy proxy{{"--drop", "100", "--delivery", "at-most-once", "--seed", "3"}};
  EXPECT_EQ(run_tool({"send", "--connect", proxy.front}, numbered_lines(1, 100)).code, 0);
  EXPECT_EQ(proxy.leave(), 0) << proxy.process.errors();
  EXPECT_NE(proxy.process.errors().find("parley: faults of --seed 3\n"), std::string::npos) << proxy.process.errors();
  EXPECT_NE(
      proxy.process.errors().find("parley: 0 messages (0 bytes) passed on; 100 messages dropped, 0 connections cut\n"),
      std::string::npos)
      << proxy.process.errors();
}

TEST(ToolProxy, the_same_seed_drops_the_same_messages) {
  std::set<std::string> outputs;
  for (int run = 0; run < 2; ++run) {
    ToolProxy proxy{{"--drop", "50%", "--delivery", "at-most-once", "--seed", "7"}};
    ToolProcess worker{{"receive", "--connect", proxy.back}};
    EXPECT_EQ(
        run_tool({"send", "--connect", proxy.front}, numbered_lines(1, 200) + "last\nlast\nlast\nlast\nlast\n").code,
        0);
    worker.output_line_with("last");
    EXPECT_EQ(proxy.leave(), 0) << proxy.process.errors();
    worker.send_signal(SIGTERM);
    EXPECT_EQ(worker.wait(), 0) << worker.errors();
    outputs.insert(worker.output());
  }
  ASSERT_EQ(outputs.size(), 1U);
  const std::size_t count = as_set(*outputs.begin()).size();
  EXPECT_GT(count, 50U);
  EXPECT_LT(count, 150U);
}

TEST(ToolProxy, delayed_messages_stay_in_order) {
  ToolProxy proxy{{"--delay", "100ms..150ms"}};
  ToolProcess worker{{"receive", "--connect", proxy.back, "--count", "200"}};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run_tool({"send", "--connect", proxy.front, "--delivery", "at-least-once"}, numbered_lines(1, 200)).code,
            0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{100});
  EXPECT_EQ(worker.wait(), 0) << worker.errors();
  EXPECT_EQ(worker.output(), numbered_lines(1, 200));
}

TEST(ToolProxy, throttled_it_takes_its_time) {
  ToolProxy proxy{{"--throttle", "100k"}};
  ToolProcess worker{{"receive", "--connect", proxy.back, "--count", "40", "--discard"}};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(
      run_tool({"send", "--connect", proxy.front, "--delivery", "at-least-once", "--count", "40", "{{random 1000}}"})
          .code,
      0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds{250});  // 400, of which 100 were made up for
  EXPECT_EQ(worker.wait(), 0) << worker.errors();
}

TEST(ToolProxy, cut_connections_lose_nothing_that_is_sent_at_least_once) {
  ToolProxy proxy{{"--cut", "50ms", "--seed", "1"}};
  ToolProcess worker{{"receive", "--connect", proxy.back}};
  ToolProcess sender{{"send", "--connect", proxy.front, "--delivery", "at-least-once", "--rate", "1000", "--count",
                      "500", "{{count}}"}};
  EXPECT_EQ(sender.wait(), 0) << sender.errors();
  worker.send_signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0) << worker.errors();
  const std::multiset<std::string> wanted = as_set(numbered_lines(1, 500));
  const std::multiset<std::string> got = as_set(worker.output());
  EXPECT_EQ(std::set(got.begin(), got.end()), std::set(wanted.begin(), wanted.end()));
  proxy.leave();
  EXPECT_EQ(proxy.process.errors().find(" 0 connections cut"), std::string::npos) << proxy.process.errors();
}

TEST(ToolProxy, json_tells_the_sides_and_the_sum) {
  ToolProcess proxy{{"proxy", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0", "--json", "--drop", "0.001", "--seed", "5"}};
  proxy.output_line_with("\"side\":\"front\"");
  proxy.send_signal(SIGTERM);
  EXPECT_EQ(proxy.wait(), 0);
  EXPECT_EQ(proxy.errors(), "");
  const std::vector<boost::json::object> lines = json_lines(proxy.output());
  ASSERT_EQ(lines.size(), 5U) << proxy.output();
  EXPECT_EQ(lines[0].at("event"), "listening");
  EXPECT_EQ(lines[0].at("side"), "back");
  EXPECT_EQ(lines[1].at("side"), "front");
  EXPECT_EQ(lines[4].at("event"), "passed_on");
  EXPECT_EQ(lines[4].at("count"), 0);
  EXPECT_EQ(lines[4].at("seed"), 5);
}

TEST(ToolProxy, command_lines_without_sense_are_2_with_a_sentence) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> refusals{
      {{"tcp://*:0"}, "the back is missing"},
      {{"tcp://*:0", "tcp://*:0", "--connect-back"}, "a wildcard host is for listening only"},
      {{"tcp://*:0", "tcp://*:0", "--drop", "0"}, "--drop is a percentage above 0 and up to 100, not \"0\""},
      {{"tcp://*:0", "tcp://*:0", "--drop", "101%"}, "--drop is a percentage"},
      {{"tcp://*:0", "tcp://*:0", "--delay", "2s..1s"}, "--delay is a time, such as 20ms, or two of them"},
      {{"tcp://*:0", "tcp://*:0", "--delay", "1s..."}, "--delay is a time"},
      {{"tcp://*:0", "tcp://*:0", "--throttle", "fast"}, "--throttle is a number of bytes a second"},
      {{"tcp://*:0", "tcp://*:0", "--cut", "0"}, "--cut is a time above 0"},
      {{"tcp://*:0", "tcp://*:0", "--seed", "1"}, "--seed chooses among faults"},
  };
  for (const auto& [arguments, sentence] : refusals) {
    std::vector<std::string> all{"proxy"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const ToolResult result = run_tool(all);
    EXPECT_EQ(result.code, 2) << sentence;
    EXPECT_NE(result.errors.find(sentence), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace parley::test
