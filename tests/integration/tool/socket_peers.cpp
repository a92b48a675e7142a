// parley peers: who is there, and what looking does not break.
#include "aiomsg_peer.hpp"
#include "json_lines.hpp"
#include "tool_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <regex>
#include <string>
#include <vector>

namespace parley::test {
namespace {

TEST(ToolPeers, prints_a_line_for_each) {
  ToolProcess server{{"receive", "--bind", "tcp://127.0.0.1:0", "--identity", identity_text('s')}};
  const std::string endpoint = server.listening_endpoint();
  const ToolResult result = run_tool({"peers", endpoint, "--for", "200ms"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  EXPECT_TRUE(
      std::regex_match(result.output, std::regex{identity_text('s') + " " + endpoint +
                                                 " up 0\\.\\d s, heard 0\\.\\d s ago, 22 bytes received, 22 sent\n"}))
      << result.output;
}

TEST(ToolPeers, those_that_come_are_told_as_json) {
  ToolProcess tool{{"peers", "tcp://127.0.0.1:0", "--bind", "--for", "1h", "--json"}};
  const std::string listening = tool.output_line_with("listening");
  const std::string endpoint =
      listening.substr(listening.find("tcp://"), listening.rfind('"') - listening.find("tcp://"));
  const AiomsgPeer a = AiomsgPeer::connect(endpoint, 'a');
  const AiomsgPeer b = AiomsgPeer::connect(endpoint, 'b');
  tool.output_line_with(identity_text('b'));
  tool.send_signal(SIGINT);
  EXPECT_EQ(tool.wait(), 0) << tool.output();
  std::vector<boost::json::object> peers;
  for (const boost::json::object& each : json_lines(tool.output()))
    if (each.at("event") == "peer") peers.push_back(each);
  ASSERT_EQ(peers.size(), 2U) << tool.output();
  EXPECT_EQ(peers[0].at("identity"), boost::json::value(identity_text('a')));
  EXPECT_EQ(peers[1].at("identity"), boost::json::value(identity_text('b')));
  EXPECT_EQ(peers[0].at("received_bytes"), 22);
  EXPECT_EQ(peers[0].at("sent_bytes"), 22);
  EXPECT_EQ(peers[0].at("received"), 0);
  EXPECT_TRUE(peers[0].at("up").is_number());
  EXPECT_TRUE(peers[0].at("heard").is_number());
}

TEST(ToolPeers, nobody_is_4) {
  const std::string nowhere = free_endpoint();
  const ToolResult result = run_tool({"peers", nowhere, "--for", "100ms", "--quiet"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "parley: error: no peer for 0.1 s; cannot connect to " + nowhere + ": connection refused\n");
}

TEST(ToolPeers, what_is_sent_to_it_is_not_acknowledged_and_told) {
  const RawListener listener{"tcp://127.0.0.1:0"};
  ToolProcess tool{{"peers", listener.endpoint(), "--for", "1h"}};
  const AiomsgPeer sender = AiomsgPeer::accept(listener, 'a');
  sender.send(aiomsg_request(identity_bytes('1'), "work"));
  // Behind it, something that is looked at after it.
  ToolProcess marker{{"peers", listener.endpoint(), "--for", "100ms"}};
  EXPECT_EQ(marker.wait(), 4);
  tool.send_signal(SIGINT);
  EXPECT_EQ(tool.wait(), 0);
  EXPECT_EQ(sender.receive(), "");
  EXPECT_NE(tool.errors().find("warning: 1 message came meanwhile and were not acknowledged"), std::string::npos)
      << tool.errors();
}

}  // namespace
}  // namespace parley::test
