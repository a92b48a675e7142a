// nc and socat over UDP, as clients and as servers, against the library and against the tool as a process.
#include "interop/netcats.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace parley::interop {
namespace {

using support::ChildProcess;
using support::ChildResult;

/// The port that the program says it has bound.
Endpoint bound_by(ChildProcess& program, const std::string& words) {
  const std::string line = program.error_line_with(words);
  return Endpoint::udp("127.0.0.1", static_cast<std::uint16_t>(std::stoi(line.substr(line.find_last_of(" :") + 1))));
}

ChildResult ask_by_datagram(const Words& command) {
  ChildProcess program{command};
  program.type("question");
  program.end_input();
  return program.wait();
}

asio::awaitable<void> answer_one_datagram(Listener& listener, std::string& heard) {
  Connection peer = co_await listener.accept(support::hang_bound);
  const Message question = co_await peer.receive(support::hang_bound);
  heard = question.text();
  co_await peer.send("answered");
  co_await peer.flush();
}

class DatagramClients : public ::testing::TestWithParam<std::pair<std::string, Words (*)(const Endpoint&)>> {
 protected:
  [[nodiscard]] static Words command(const Endpoint& at) { return GetParam().second(at); }
};

TEST_P(DatagramClients, are_answered_by_the_library) {
  asio::io_context context;
  Listener listener{context, "udp://127.0.0.1:0"};
  std::string heard;
  std::future<ChildResult> result =
      std::async(std::launch::async, [&] { return ask_by_datagram(command(listener.local_endpoint())); });
  EXPECT_TRUE(support::run_coroutine(context, answer_one_datagram(listener, heard)));
  const ChildResult ended = result.get();
  EXPECT_EQ(heard, "question");
  EXPECT_EQ(ended.output, "answered") << ended.errors;
}

TEST_P(DatagramClients, are_echoed_by_the_tool) {
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "listen", "udp://127.0.0.1:0", "--echo"}};
  const ChildResult ended = ask_by_datagram(command(bound_by(tool, "istening on ")));
  EXPECT_EQ(ended.output, "question") << ended.errors;
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().output, "question\n");
}

INSTANTIATE_TEST_SUITE_P(Of, DatagramClients,
                         ::testing::Values(std::pair{std::string{"nc"}, &nc_to},
                                           std::pair{std::string{"socat"}, &socat_to}),
                         [](const auto& each) { return each.param.first; });

TEST(DatagramServers, nc_prints_what_the_tool_sends) {
  ChildProcess nc{{"nc", "-nulv", "-W", "2", "127.0.0.1", "0"}};
  const Endpoint at = bound_by(nc, "ound on ");
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "connect", at.serialize(), "--wait", "0", "one\n", "two\n"}};
  EXPECT_EQ(tool.wait().code, 0);
  EXPECT_EQ(nc.wait().output, "one\ntwo\n");
}

TEST(DatagramServers, socat_echoes_to_the_library_and_to_the_tool) {
  ChildProcess socat{{"socat", "-d", "-d", "UDP-LISTEN:0,bind=127.0.0.1,fork", "PIPE"}};
  const Endpoint at = bound_by(socat, "istening on ");
  asio::io_context context;
  const auto talk = [&]() -> asio::awaitable<void> {
    Connection peer = co_await connect(at);
    co_await peer.send("there and back");
    const Message echo = co_await peer.receive(support::hang_bound);
    EXPECT_EQ(echo.view(), "there and back");
  };
  EXPECT_TRUE(support::run_coroutine(context, talk()));
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "connect", at.serialize(), "--count", "1", "by the tool"}};
  const ChildResult ended = tool.wait();
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "by the tool\n");
}

}  // namespace
}  // namespace parley::interop
