// What comes to a gateway that no tunnel would send.
#include "forwarding.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using namespace std::string_literals;

/// A channel of the gateway, opened by another command of the tool, which sends these bytes and no end.
struct Stranger {
  Stranger(const ToolGateway& gateway, const std::string& bytes)
      : process{{"connect", gateway.endpoint(), "--framing", "raw", "--format", "raw", "--wait", "forever"}} {
    process.type(bytes);
  }

  /// All that the gateway answers while nothing more is sent; there has to be something.
  std::string answer() {
    process.output_begins();
    process.end_input();
    return rest();
  }

  /// All that the gateway answers to what has ended.
  std::string rest() {
    EXPECT_EQ(process.wait(), 0) << process.errors();
    return process.output();
  }

  ToolProcess process;
};

std::string question(const std::string& text) {
  return std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)} + text;
}

/// Section 2 of docs/protocols/tunnel.md.
std::string refusal(char reason, const std::string& text) { return reason + question(text); }

TEST(ToolGateway, speaks_as_its_protocol_is_written_down) {
  const ToolGateway gateway;
  const RawListener destination{"tcp://127.0.0.1:0"};
  Stranger stranger{gateway, question(destination.endpoint()) + "early"};
  const RawPeer server = destination.accept();
  EXPECT_EQ(server.receive(5), "early");
  server.send("late");
  server.end_sending();
  stranger.process.end_input();
  EXPECT_EQ(server.receive_all(), "");
  EXPECT_EQ(stranger.rest(), "\0late"s);
}

TEST(ToolGateway, a_question_that_is_too_long_is_answered_without_reading_it) {
  const ToolGateway gateway;
  EXPECT_EQ(Stranger(gateway, "\x10\x01").answer(), refusal(3, "no endpoint is longer than 4096 bytes"));
  EXPECT_EQ(Stranger(gateway, "\xff\xff" + std::string(70'000, 'x')).answer(),
            refusal(3, "no endpoint is longer than 4096 bytes"));
}

TEST(ToolGateway, what_is_no_endpoint_is_answered_with_a_reason) {
  const ToolGateway gateway;
  for (const std::string& text : {""s, "GET / HTTP/1.1"s, "tcp://127.0.0.1"s, "tcp://127.0.0.1:99999"s,
                                  "\x1b[2J\0\xff"s, "tcp://127.0.0.1:80\n"s, std::string(4096, 'x')}) {
    const std::string answer = Stranger{gateway, question(text)}.answer();
    ASSERT_GT(answer.size(), 3U);
    EXPECT_EQ(answer[0], '\3') << answer;
    EXPECT_NE(answer.find("endpoint \""), std::string::npos) << answer;
  }
}

TEST(ToolGateway, what_leads_nowhere_or_elsewhere_is_not_allowed) {
  const ToolGateway gateway;
  for (const std::string text :
       {"tcp://127.0.0.1:0", "tcp://*:80", "tcp://0.0.0.0:80", "tcp://localhost:80", "tcp://127.0.0.2:80",
        "tcp://[::1]:80", "tcp://[::ffff:127.0.0.1]:80", "tls://127.0.0.1:80", "ws://127.0.0.1:80/", "unix:///run/x",
        "inproc://x", "udp://127.0.0.1:80", "mux+tcp://127.0.0.1:80"}) {
    const std::string answer = Stranger{gateway, question(text)}.answer();
    ASSERT_FALSE(answer.empty()) << text;
    EXPECT_EQ(answer[0], '\1') << text << answer;
    EXPECT_NE(answer.find(" is not among what this gateway allows"), std::string::npos) << answer;
  }
}

TEST(ToolGateway, silence_and_half_a_question_are_ended_in_time) {
  const ToolGateway gateway{{"--timeout", "100ms"}};
  const std::string half = question("tcp://127.0.0.1:80").substr(0, 10);
  for (const std::string& bytes : {"\0"s, half})
    EXPECT_EQ(Stranger(gateway, bytes).answer(), refusal(3, "nothing was asked for 0.1 s"));
}

TEST(ToolGateway, a_question_that_ends_in_its_middle_is_told_and_closed) {
  ToolGateway gateway;
  Stranger stranger{gateway, "\0\x12tcp://"s};
  stranger.process.end_input();
  EXPECT_EQ(stranger.rest(), "");
  gateway.process().error_line_with("refused: it ended before it said where to");
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(number >> shift & 0xffU);
  return bytes;
}

/// In a frame of yamux that opens this channel for it: version 0, data, SYN.
std::string yamux_question(std::uint32_t channel, const std::string& text) {
  const std::string bytes = question(text);
  return "\0\0\0\1"s + big_endian(channel) + big_endian(static_cast<std::uint32_t>(bytes.size())) + bytes;
}

TEST(ToolGateway, an_answer_that_nobody_takes_holds_a_place_only_for_a_while) {
  const support::TemporaryFolder folder;
  ToolProcess gateway{{"gateway", "--listen", "mux+unix://" + folder.file("gate.sock"), "--allow", "tcp://h:1",
                       "--timeout", "100ms", "--stats", "20ms", "--max-connections", "15000"}};
  const RawPeer peer = RawPeer::connect(gateway.listening_endpoint().substr(4));
  // Answers of 1 KiB each, and more of them than the socket and the session hold.
  const std::string elsewhere = "ws://h:80/" + std::string(1000, 'x');
  for (std::uint32_t number = 1; number <= 4500; ++number) {
    peer.send(yamux_question(2 * number - 1, elsewhere));
    // At most 256 channels may wait for the gateway to look at them.
    if (number % 100 == 0) gateway.error_line_with("connection " + std::to_string(number) + " from ");
  }
  gateway.error_line_with("parley: 0 connections open, 0 opened, 4500 refused; ");
}

TEST(ToolGateway, who_does_not_speak_yamux_is_turned_away_and_others_are_served) {
  ToolGateway gateway;
  const RawPeer stranger = RawPeer::connect(gateway.endpoint());
  stranger.send("GET / HTTP/1.1\r\n\r\n");
  gateway.process().error_line_with("a tunnel was turned away: mux+tcp://127.0.0.1:");
  const RawListener destination{"tcp://127.0.0.1:0"};
  const ToolTunnel tunnel{gateway.endpoint(), {destination.endpoint()}};
  RawPeer client = RawPeer::connect(tunnel.port());
  client.send("x");
  EXPECT_EQ(destination.accept().receive(1), "x");
  client.close();
  EXPECT_EQ(gateway.leave(SIGTERM), 0);
}

}  // namespace
}  // namespace parley::test
