// What the options of the tool accept, and those that change how it talks and works.
#include "raw_peer.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>

namespace parley::test {
namespace {

using namespace std::string_literals;

// --- values ---------------------------------------------------------------------------------------------------------

struct Refusal {
  std::string option;
  std::vector<std::string> values;
};

TEST(ToolOption, with_a_value_that_cannot_be_is_refused_in_a_sentence) {
  const std::vector<Refusal> refusals{
      {"--count", {"", "0", "-1", "1e3", "0x10", "many", "18446744073709551616"}},
      {"--max-size", {"", "0", "-1", "64k", "99999999999999999999999"}},
      {"--timeout", {"", "0", "-1", "nan", "inf", "1e400", "soon", "0ms", "1 s", "1m", "s"}},
      {"--wait", {"", "-1", "nan", "inf", "1S", "-1s"}},
      {"--poll", {"", "-1", "0.5", "9223372036854775807"}},
      {"--format", {"", "TEXT"}},
      {"--framing", {"", "length:3", "fixed:0", "separator:"}},
      {"--file", {""}},
  };
  for (const auto& [option, values] : refusals) {
    for (const std::string& value : values) {
      const ToolResult result = run_tool({"connect", "tcp://127.0.0.1:1", option + "=" + value});
      EXPECT_EQ(result.code, 2) << option << "=" << value;
      EXPECT_EQ(result.output, "");
      EXPECT_TRUE(result.errors.starts_with("parley: error: ")) << result.errors;
      EXPECT_NE(result.errors.find(option), std::string::npos) << result.errors;
      EXPECT_LT(result.errors.size(), 200u) << result.errors;
    }
  }
}

TEST(ToolOption, numbers_are_decimal_and_may_be_as_large_as_they_are) {
  const std::string endpoint = free_endpoint();
  const std::vector<std::string> options{"--count",    "18446744073709551615",
                                         "--max-size", "18446744073709551615",
                                         "--timeout",  "1e300",
                                         "--wait",     "1e300",
                                         "--poll",     "1000"};
  std::vector<std::string> arguments{"connect", endpoint};
  arguments.insert(arguments.end(), options.begin(), options.end());
  EXPECT_EQ(run_tool(arguments).code, 4);

  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo", "--discard"}};
  EXPECT_EQ(
      run_tool({"connect", listener.listening_endpoint(), "--count", "010"}, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n").output,
      "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
}

TEST(ToolOption, times_may_have_a_unit) {
  const std::string endpoint = free_endpoint();
  for (const char* const time : {"250000us", "2000ms", "2.5s", "1.5min", "1e3h"})
    EXPECT_EQ(run_tool({"connect", endpoint, "--timeout", time, "--wait", time}).code, 4) << time;
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--timeout", "100ms"}};
  EXPECT_EQ(listener.wait(), 3);
  EXPECT_NE(listener.errors().find("nothing was sent or received for 0.1 s"), std::string::npos) << listener.errors();
}

TEST(ToolOption, unknown_commands_are_named) {
  const ToolResult result = run_tool({"conect", "tcp://127.0.0.1:1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("there is no command \"conect\""), std::string::npos) << result.errors;
}

TEST(ToolOption, what_can_only_be_listened_on_is_not_connected_to) {
  for (const char* const endpoint : {"tcp://127.0.0.1:0", "tcp://*:8888", "tcp://0.0.0.0:8888"}) {
    const ToolResult result = run_tool({"connect", endpoint});
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.errors.find("is for listening only"), std::string::npos) << result.errors;
  }
}

TEST(ToolOption, an_unknown_framing_is_answered_with_those_of_the_transport) {
  const ToolResult ws = run_tool({"connect", "ws://127.0.0.1:1", "--framing", "packets"});
  EXPECT_EQ(ws.code, 2);
  EXPECT_NE(ws.errors.find("message, for WebSocket's own messages"), std::string::npos) << ws.errors;
}

TEST(ToolOption, a_limit_on_open_files_that_is_too_low_is_named) {
  FILE* const pipe = ::popen("exec 2>&1; ulimit -n 4; exec " PARLEY_BIN_DIR "/parley connect tcp://127.0.0.1:1 x", "r");
  std::array<char, 256> line{};
  EXPECT_NE(std::fgets(line.data(), line.size(), pipe), nullptr);
  EXPECT_STREQ(line.data(), "parley: error: too few files may be open for parley to begin; see ulimit -n\n");
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), 1);
}

// --- --verbose, --poll ----------------------------------------------------------------------------------------------

/// With what it has open, and nothing more.
void limit_descriptors(pid_t process, rlim_t count) {
  rlimit limit{};
  ASSERT_EQ(::prlimit(process, RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = count;
  ASSERT_EQ(::prlimit(process, RLIMIT_NOFILE, &limit, nullptr), 0);
}

TEST(ToolOption, verbose_tells_of_troubles_that_the_library_gets_over) {
  ToolProcess tool{{"listen", "tcp://127.0.0.1:0", "--verbose", "--count", "2"}};
  const std::string endpoint = tool.listening_endpoint();
  const RawPeer first = RawPeer::connect(endpoint);
  first.send("\0\0\0\5first"s);
  tool.output_line_with("first");  // it has opened all that it works with
  limit_descriptors(tool.pid(), 3);
  const RawPeer peer = RawPeer::connect(endpoint);
  peer.send("\0\0\0\2hi"s);
  const std::string line = tool.error_line_with("warning: ");
  EXPECT_TRUE(line.starts_with("parley: warning: ")) << line;
  EXPECT_NE(line.find(endpoint), std::string::npos) << line;
  limit_descriptors(tool.pid(), 100);
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(tool.output(), "first\nhi\n");
}

TEST(ToolOption, polling_changes_nothing_that_is_seen) {
  ToolProcess listener{{"listen", "tcp://127.0.0.1:0", "--echo", "--poll", "200"}};
  const ToolResult result =
      run_tool({"connect", listener.listening_endpoint(), "--count", "3", "--poll", "200"}, "a\nb\nc");
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "a\nb\nc\n");
  listener.send_signal(15);
  EXPECT_EQ(listener.wait(), 0);
}

// --- colours --------------------------------------------------------------------------------------------------------

/// An error, as a terminal for standard error gets it.
std::string error_shown(const std::vector<std::string>& environment) {
  ToolSetting setting;
  setting.err = ToolStream::terminal;
  setting.environment = environment;
  return run_tool({"connect"}, "", setting).errors;
}

TEST(ToolOption, errors_are_red_on_a_terminal_alone) {
  EXPECT_NE(error_shown({"TERM=xterm", "NO_COLOR="}).find("\x1b[31m"), std::string::npos);
  EXPECT_EQ(run_tool({"connect"}, "", {.environment = {"TERM=xterm", "NO_COLOR="}}).errors.find('\x1b'),
            std::string::npos);
}

TEST(ToolOption, there_are_no_colours_with_NO_COLOR_or_on_a_dumb_terminal) {
  EXPECT_EQ(error_shown({"TERM=xterm", "NO_COLOR=1"}).find('\x1b'), std::string::npos);
  EXPECT_EQ(error_shown({"TERM=dumb", "NO_COLOR="}).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace parley::test
