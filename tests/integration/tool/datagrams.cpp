// parley listen and parley connect over udp://.
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace parley::test {
namespace {

TEST(ToolDatagrams, two_of_them_talk) {
  ToolProcess listener{{"listen", "udp://127.0.0.1:0", "--echo"}};
  const std::string at = listener.listening_endpoint();
  const ToolResult first = run_tool({"connect", at, "--count", "3"}, "a\n\nb");
  EXPECT_EQ(first.code, 0) << first.errors;
  EXPECT_EQ(first.output, "a\n\nb\n");
  const ToolResult second = run_tool({"connect", at, "--framing", "message", "--count", "1", "another peer"});
  EXPECT_EQ(second.output, "another peer\n") << second.errors;
  listener.send_signal(SIGTERM);
  listener.wait();
  EXPECT_EQ(listener.output(), "a\n\nb\nanother peer\n");
}

TEST(ToolDatagrams, connect_leaves_when_nobody_is_there) {
  std::string at;
  {
    ToolProcess listener{{"listen", "udp://127.0.0.1:0"}};
    at = listener.listening_endpoint();
    listener.send_signal(SIGTERM);
    listener.wait();
  }
  const ToolResult result = run_tool({"connect", at, "--count", "1", "hello?"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.errors.find("connection refused"), std::string::npos) << result.errors;
}

TEST(ToolDatagrams, have_no_framing) {
  const ToolResult lines = run_tool({"connect", "udp://127.0.0.1:1", "--framing", "separator"});
  EXPECT_EQ(lines.code, 2);
  EXPECT_NE(lines.errors.find("a datagram is a message of its own, so udp://127.0.0.1:1 takes no --framing separator"),
            std::string::npos)
      << lines.errors;
}

TEST(ToolDatagrams, are_for_listen_and_connect_alone) {
  const std::vector<std::vector<std::string>> refused{{"send", "--connect", "udp://127.0.0.1:1", "x"},
                                                      {"receive", "--bind", "udp://127.0.0.1:0"},
                                                      {"proxy", "udp://127.0.0.1:0", "tcp://127.0.0.1:0"},
                                                      {"serve", "udp://127.0.0.1:0", "--route", "a=cat"},
                                                      {"request", "udp://127.0.0.1:1", "a", "1"}};
  for (const std::vector<std::string>& command : refused) {
    const ToolResult result = run_tool(command);
    EXPECT_EQ(result.code, 2) << command[0];
    EXPECT_NE(result.errors.find("datagrams are no stream; parley listen and parley connect take udp://"),
              std::string::npos)
        << result.errors;
  }
}

TEST(ToolDatagrams, a_parameter_that_is_unknown_is_wrong_usage) {
  const ToolResult result = run_tool({"connect", "udp://127.0.0.1:1?ttl=1", "x"});
  EXPECT_EQ(result.code, 2) << result.errors;
  EXPECT_NE(result.errors.find("ttl is for addresses of multicast"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace parley::test
