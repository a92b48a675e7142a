// parley demo: it succeeds, and fails as soon as one of its processes is killed.
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include <sys/types.h>

namespace parley::test {
namespace {

/// From "ada (process 4711) is connected".
pid_t process_in(const std::string& line) {
  const std::size_t at = line.find("(process ");
  return static_cast<pid_t>(std::stoi(line.substr(at + 9)));
}

void expect_failure_when_killed(const std::string& announcement) {
  ToolProcess demo{{"demo"}};
  const std::string line = demo.output_line_with(announcement);
  ASSERT_EQ(::kill(process_in(line), SIGKILL), 0);
  EXPECT_EQ(demo.wait(), 1);
  EXPECT_NE(demo.errors().find("was killed by signal 9 (Killed)"), std::string::npos) << demo.errors();
}

TEST(Demo, tells_its_story_and_succeeds) {
  const ToolResult result = run_tool({"demo"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  for (const char* const part :
       {"listens on tcp://127.0.0.1:", "listens on unix:///", "listens on tls://127.0.0.1:",
        "listens on ws://127.0.0.1:", "listens on mux+tcp://127.0.0.1:", "cleo, 1,000 at one moment, one socket",
        "error 422", "asks back, through the same connection: dora", "dora, 64 requests at a time:", "hall (process ",
        "and by its first line a meter", "gate <- station  acknowledged 6", "readings/s", "inproc://",
        "{\"client\":\"ada\"", "round trips/s", "messages/s", "all answered right"})
    EXPECT_NE(result.output.find(part), std::string::npos) << part;
}

TEST(Demo, fails_when_its_server_is_killed) { expect_failure_when_killed("server (process "); }

TEST(Demo, fails_when_a_client_is_killed) { expect_failure_when_killed("ben (process "); }

}  // namespace
}  // namespace parley::test
