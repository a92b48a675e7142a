// parley tunnel and parley gateway: that bytes go through, and what becomes of connections when something does not.
#include "forwarding.hpp"
#include "json_lines.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

using namespace std::chrono_literals;

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool accepts(const std::string& endpoint) {
  try {
    RawPeer::connect(endpoint).close();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

/// A destination, a gateway and a tunnel.
struct Path {
  explicit Path(const std::vector<std::string>& tunnel_options = {}, const std::vector<std::string>& options = {})
      : gateway{options}, tunnel{gateway.endpoint(), {destination.endpoint()}, tunnel_options} {}

  RawListener destination{"tcp://127.0.0.1:0"};
  ToolGateway gateway;
  ToolTunnel tunnel;
};

/// Both ends of one connection through it.
struct Through {
  explicit Through(Path& path) : client{RawPeer::connect(path.tunnel.port())}, server{path.destination.accept()} {}

  RawPeer client;
  RawPeer server;
};

/// With as many connections as one side allows, and one more that has come.
struct FullPath {
  FullPath(const std::vector<std::string>& tunnel_options, const std::vector<std::string>& gateway_options)
      : path{tunnel_options, gateway_options} {
    first.client.send("x");
    EXPECT_EQ(first.server.receive(1), "x");
  }

  Path path;
  Through first{path};
  RawPeer second = RawPeer::connect(path.tunnel.port());
};

TEST(ToolTunnel, bytes_go_both_ways_and_each_end_is_passed_on_alone) {
  Path path;
  const Through pair{path};
  const std::string up = distinct_bytes(5'000'003, 1);
  const std::string down = distinct_bytes(7'000'001, 2);
  std::jthread sender{[&] {
    pair.client.send(up);
    pair.client.end_sending();
  }};
  EXPECT_TRUE(pair.server.receive_all() == up);
  sender.join();
  // The other direction goes on behind the end of this one.
  std::jthread answerer{[&] {
    pair.server.send(down);
    pair.server.end_sending();
  }};
  EXPECT_TRUE(pair.client.receive_all() == down);
}

TEST(ToolTunnel, the_destination_may_end_first) {
  Path path;
  const Through pair{path};
  pair.server.send("hello");
  pair.server.end_sending();
  EXPECT_EQ(pair.client.receive_all(), "hello");
  pair.client.send("and bye");
  pair.client.end_sending();
  EXPECT_EQ(pair.server.receive_all(), "and bye");
}

TEST(ToolTunnel, both_directions_at_once) {
  Path path;
  const Through pair{path};
  const std::string up = distinct_bytes(8'000'000, 3);
  const std::string down = distinct_bytes(8'000'000, 4);
  std::jthread sender{[&] { pair.client.send(up); }};
  std::jthread answerer{[&] { pair.server.send(down); }};
  std::string got_up;
  std::jthread receiver{[&] { got_up = pair.server.receive(up.size()); }};
  EXPECT_TRUE(pair.client.receive(down.size()) == down);
  receiver.join();
  EXPECT_TRUE(got_up == up);
}

TEST(ToolTunnel, many_connections_share_one) {
  Path path;
  std::vector<Through> pairs;
  for (int i = 0; i < 200; ++i) {
    pairs.emplace_back(path);
    pairs.back().client.send("from " + std::to_string(i));
  }
  EXPECT_EQ(established_at(path.gateway.endpoint()), 1U);
  EXPECT_EQ(established_at(path.destination.endpoint()), 200U);
  for (int i = 0; i < 200; ++i) {
    Through& pair = pairs[static_cast<std::size_t>(i)];
    const std::string text = "from " + std::to_string(i);
    EXPECT_EQ(pair.server.receive(text.size()), text);
    pair.server.send(text);
    pair.server.close();
    EXPECT_EQ(pair.client.receive_all(), text);
  }
}

TEST(ToolTunnel, unix_sockets_at_either_end_and_between) {
  const support::TemporaryFolder folder;
  const RawListener destination{"unix://" + folder.file("db.sock")};
  ToolProcess gateway{
      {"gateway", "--listen", "mux+unix://" + folder.file("gate.sock"), "--allow", destination.endpoint()}};
  const std::string via = gateway.listening_endpoint();
  const std::string port = "unix://" + folder.file("port.sock");
  ToolProcess tunnel{{"tunnel", "--via", via, "--listen", port, "--to", destination.endpoint()}};
  tunnel.error_line_with("listening on " + port + " for " + destination.endpoint());
  const RawPeer client = RawPeer::connect(port);
  const RawPeer server = destination.accept();
  client.send("ping");
  client.end_sending();
  EXPECT_EQ(server.receive_all(), "ping");
  server.send("pong");
  server.end_sending();
  EXPECT_EQ(client.receive_all(), "pong");
}

TEST(ToolTunnel, each_local_port_leads_to_its_own_place) {
  const RawListener first{"tcp://127.0.0.1:0"};
  const RawListener second{"tcp://127.0.0.1:0"};
  const ToolGateway gateway;
  const ToolTunnel tunnel{gateway.endpoint(), {first.endpoint(), second.endpoint()}};
  const RawPeer to_second = RawPeer::connect(tunnel.port(1));
  const RawPeer to_first = RawPeer::connect(tunnel.port(0));
  to_first.send("first");
  to_second.send("other");
  EXPECT_EQ(first.accept().receive(5), "first");
  EXPECT_EQ(second.accept().receive(5), "other");
}

// --- endings ---------------------------------------------------------------------------------------------------------

TEST(ToolTunnel, a_reset_is_passed_on_as_a_reset) {
  Path path;
  Through by_client{path};
  by_client.client.send("x");
  EXPECT_EQ(by_client.server.receive(1), "x");
  by_client.client.reset();
  EXPECT_EQ(read_until_reset(by_client.server), "reset");

  Through by_server{path};
  by_server.server.send("x");
  EXPECT_EQ(by_server.client.receive(1), "x");
  by_server.server.reset();
  EXPECT_EQ(read_until_reset(by_server.client), "reset");
}

TEST(ToolTunnel, what_the_gateway_does_not_allow_is_told_and_reset) {
  ToolProcess gateway{
      {"gateway", "--listen", "mux+tcp://127.0.0.1:0", "--allow", "tcp://localhost:*", "--allow", "tcp://127.0.0.1:1"}};
  const RawListener destination{"tcp://127.0.0.1:0"};
  // localhost is where it leads, and not what was asked for.
  ToolTunnel tunnel{gateway.listening_endpoint(), {destination.endpoint()}};
  const RawPeer client = RawPeer::connect(tunnel.port());
  EXPECT_EQ(read_until_reset(client), "reset");
  const std::string sentence = destination.endpoint() + " is not among what this gateway allows";
  EXPECT_TRUE(says(tunnel.process().error_line_with("refused: "), sentence));
  EXPECT_TRUE(says(gateway.error_line_with("refused: "), sentence));
}

TEST(ToolTunnel, a_destination_that_refuses_is_told_and_reset) {
  const std::string nobody = free_endpoint();
  const ToolGateway gateway;
  ToolTunnel tunnel{gateway.endpoint(), {nobody}};
  const RawPeer client = RawPeer::connect(tunnel.port());
  EXPECT_EQ(read_until_reset(client), "reset");
  EXPECT_TRUE(says(tunnel.process().error_line_with(" to " + nobody + " refused: "),
                   "cannot connect to " + nobody + ": connection refused"));
}

TEST(ToolTunnel, a_gateway_that_gives_no_good_answer_is_told_and_reset) {
  const std::vector<std::pair<std::string, std::string>> answers{
      {"", " has not answered what it was asked for 0.4 s"},
      {"\2", " has not answered what it was asked for 0.4 s"},
      {"\x05", " has given an answer that makes no sense"},
      {"\2\x04\x01", " has given an answer that makes no sense"},
  };
  for (const auto& [answer, sentence] : answers) {
    // Who takes channels, and says this whatever is asked.
    std::vector<std::string> words{"listen", "mux+tcp://127.0.0.1:0", "--framing", "raw", "--format", "raw"};
    if (!answer.empty()) words.push_back(answer);
    ToolProcess stranger{words};
    const std::string via = stranger.listening_endpoint();
    ToolTunnel tunnel{via, {"tcp://127.0.0.1:1"}, {"--timeout", "200ms"}};
    const RawPeer client = RawPeer::connect(tunnel.port());
    EXPECT_EQ(read_until_reset(client), "reset");
    EXPECT_TRUE(says(tunnel.process().error_line_with(" refused: "), via + sentence)) << sentence;
  }
}

TEST(ToolTunnel, a_gateway_with_enough_connections_refuses_more) {
  FullPath full{{}, {"--max-connections", "1"}};
  auto& [path, first, second] = full;
  EXPECT_EQ(read_until_reset(second), "reset");
  EXPECT_TRUE(says(path.tunnel.process().error_line_with("refused: "),
                   "the gateway has as many connections open as it may, 1"));
}

TEST(ToolTunnel, a_tunnel_with_enough_connections_lets_more_wait) {
  FullPath full{{"--max-connections", "1"}, {}};
  auto& [path, first, second] = full;
  second.send("later");
  path.tunnel.process().error_line_with("as many connections are open as --max-connections allows, 1; ");
  first.client.close();
  first.server.close();
  EXPECT_EQ(path.destination.accept().receive(5), "later");
}

TEST(ToolTunnel, a_slow_reader_holds_up_only_itself) {
  Path path;
  const Through slow{path};
  const Through fast{path};
  const std::string much = distinct_bytes(96 << 20, 5);
  std::atomic<std::size_t> sent = 0;
  std::jthread sender{[&] {
    for (std::size_t at = 0; at < much.size(); at += 1 << 20) {
      slow.server.send(much.substr(at, 1 << 20));
      sent += 1 << 20;
    }
    slow.server.end_sending();
  }};
  // So much has been taken for it that its own window is full on the way.
  while (sent < 4 << 20) std::this_thread::yield();
  const std::string bytes = distinct_bytes(4 << 20, 6);
  for (int i = 0; i < 4; ++i) {
    std::jthread there{[&] { fast.client.send(bytes); }};
    EXPECT_TRUE(fast.server.receive(bytes.size()) == bytes);
    there.join();
    std::jthread back{[&] { fast.server.send(bytes); }};
    EXPECT_TRUE(fast.client.receive(bytes.size()) == bytes);
  }
  EXPECT_LT(sent.load(), much.size());
  EXPECT_TRUE(slow.client.receive_all() == much);
}

// --- the gateway goes and comes --------------------------------------------------------------------------------------

TEST(ToolTunnel, a_gateway_that_was_killed_and_is_back_serves_again) {
  const RawListener destination{"tcp://127.0.0.1:0"};
  auto gateway = std::make_unique<ToolGateway>();
  const std::string via = gateway->endpoint();
  ToolTunnel tunnel{via, {destination.endpoint()}};
  const RawPeer cut = RawPeer::connect(tunnel.port());
  const RawPeer server = destination.accept();
  cut.send("x");
  EXPECT_EQ(server.receive(1), "x");
  gateway->leave(SIGKILL);
  tunnel.process().error_line_with("session with " + via + " lost: 1 connection cut: ");
  EXPECT_EQ(read_until_reset(cut), "reset");
  // It waits.
  const RawPeer patient = RawPeer::connect(tunnel.port());
  patient.send("still here");
  gateway = std::make_unique<ToolGateway>(std::vector<std::string>{}, via);
  EXPECT_EQ(destination.accept().receive(10), "still here");
  tunnel.process().error_line_with("session with " + via + " restored after ");
  const RawPeer later = RawPeer::connect(tunnel.port());
  later.send("new");
  EXPECT_EQ(destination.accept().receive(3), "new");
}

TEST(ToolTunnel, a_gateway_that_leaves_is_replaced_while_what_it_carries_goes_on) {
  const RawListener destination{"tcp://127.0.0.1:0"};
  ToolGateway leaving;
  const std::string via = leaving.endpoint();
  ToolTunnel tunnel{via, {destination.endpoint()}};
  const RawPeer early = RawPeer::connect(tunnel.port());
  const RawPeer early_server = destination.accept();
  early.send("x");
  EXPECT_EQ(early_server.receive(1), "x");
  leaving.process().send_signal(SIGTERM);
  tunnel.process().error_line_with("session with " + via + " ending: 1 connection still open: the gateway is leaving");
  const ToolGateway next{std::vector<std::string>{}, via};
  tunnel.process().error_line_with("session with " + via + " restored after ");
  const RawPeer late = RawPeer::connect(tunnel.port());
  late.send("new");
  EXPECT_EQ(destination.accept().receive(3), "new");
  early.send("y");
  EXPECT_EQ(early_server.receive(1), "y");
  early.end_sending();
  EXPECT_EQ(early_server.receive_all(), "");
  early_server.end_sending();
  EXPECT_EQ(early.receive_all(), "");
  EXPECT_EQ(leaving.process().wait(), 0);
  EXPECT_FALSE(says(leaving.process().errors(), " cut")) << leaving.process().errors();
}

TEST(ToolTunnel, a_connection_waits_for_a_gateway_no_longer_than_it_may) {
  const std::string nobody = "mux+" + free_endpoint();
  ToolTunnel tunnel{nobody, {"tcp://127.0.0.1:1"}, {"--timeout", "200ms"}};
  const RawPeer client = RawPeer::connect(tunnel.port());
  EXPECT_EQ(read_until_reset(client), "reset");
  EXPECT_TRUE(says(tunnel.process().error_line_with("refused: "), "no session with " + nobody + " for 0.2 s; "));
}

TEST(ToolTunnel, what_is_no_gateway_is_said_once) {
  const RawListener stranger{"tcp://127.0.0.1:0"};
  ToolTunnel tunnel{"mux+" + stranger.endpoint(), {"tcp://127.0.0.1:1"}};
  const RawPeer first = stranger.accept();
  first.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  tunnel.process().error_line_with("; trying again in ");
  const RawPeer second = stranger.accept();
  second.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  const RawPeer third = stranger.accept();
  EXPECT_EQ(tunnel.leave(SIGTERM), 0);
  const std::string& errors = tunnel.process().errors();
  EXPECT_EQ(errors.find("; trying again in "), errors.rfind("; trying again in ")) << errors;
}

// --- leaving ---------------------------------------------------------------------------------------------------------

TEST(ToolTunnel, a_signal_lets_connections_end) {
  for (const bool at_the_gateway : {false, true}) {
    Path path;
    Through pair{path};
    pair.client.send("before");
    EXPECT_EQ(pair.server.receive(6), "before");
    ToolProcess& leaving = at_the_gateway ? path.gateway.process() : path.tunnel.process();
    leaving.send_signal(SIGTERM);
    pair.server.send("after");
    EXPECT_EQ(pair.client.receive(5), "after");
    pair.client.close();
    EXPECT_EQ(pair.server.receive_all(), "");
    pair.server.close();
    EXPECT_EQ(leaving.wait(), 0) << leaving.errors();
    EXPECT_TRUE(says(leaving.errors(), "0 connections open, 1 opened, 0 refused; 6 bytes up, 5 bytes down"))
        << leaving.errors();
    EXPECT_FALSE(says(leaving.errors(), " cut")) << leaving.errors();
  }
}

TEST(ToolTunnel, a_connection_that_does_not_end_is_cut_after_five_seconds) {
  Path path{{"--verbose"}};
  const Through pair{path};
  pair.client.send("x");
  EXPECT_EQ(pair.server.receive(1), "x");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(path.tunnel.leave(SIGINT), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 4900ms);
  const std::string& errors = path.tunnel.process().errors();
  EXPECT_TRUE(says(errors, "1 connection was still open, and is cut")) << errors;
  EXPECT_TRUE(says(errors, "; cut: it was still open when parley left")) << errors;
  EXPECT_EQ(read_until_reset(pair.server), "reset");
}

TEST(ToolTunnel, a_connection_that_waits_for_room_is_reset_when_it_leaves) {
  FullPath full{{"--max-connections", "1"}, {}};
  auto& [path, first, second] = full;
  path.tunnel.process().error_line_with("as many connections are open as --max-connections allows, 1; ");
  path.tunnel.process().send_signal(SIGTERM);
  while (accepts(path.tunnel.port())) std::this_thread::yield();
  first.client.close();
  first.server.close();
  EXPECT_EQ(read_until_reset(second), "reset");
  EXPECT_EQ(path.tunnel.process().wait(), 0);
  EXPECT_TRUE(says(path.tunnel.process().errors(), " 0 connections open, 1 opened, 0 refused; "))
      << path.tunnel.process().errors();
}

// --- what is told ----------------------------------------------------------------------------------------------------

TEST(ToolTunnel, verbose_tells_each_connection_and_a_signal_the_totals) {
  Path path{{"--verbose"}};
  Through pair{path};
  pair.client.send("four");
  EXPECT_EQ(pair.server.receive(4), "four");
  path.tunnel.process().error_line_with("connection 1 opened from tcp://127.0.0.1:");
  path.tunnel.process().send_signal(SIGUSR1);
  path.tunnel.process().error_line_with("1 connection open, 1 opened, 0 refused; 4 bytes up, 0 bytes down; 1 session");
  pair.client.close();
  pair.server.close();
  path.tunnel.process().error_line_with("connection 1 closed: 4 bytes up, 0 bytes down");
}

TEST(ToolTunnel, totals_are_told_in_their_interval) {
  Path path{{}, {"--stats", "50ms"}};
  path.gateway.process().error_line_with(
      "0 connections open, 0 opened, 0 refused; 0 bytes up, 0 bytes down; 1 session");
}

TEST(ToolTunnel, json_tells_everything) {
  const RawListener destination{"tcp://127.0.0.1:0"};
  const ToolGateway gateway;
  ToolProcess tunnel{{"tunnel", "--via", gateway.endpoint(), "--listen", "tcp://127.0.0.1:0", "--to",
                      destination.endpoint(), "--listen", "tcp://127.0.0.1:0", "--to", "tcp://192.0.2.1:1", "--json"}};
  std::string line = tunnel.output_line_with("\"to\":\"" + destination.endpoint());
  const std::string port =
      line.substr(line.find("tcp://"), line.find("\",", line.find("tcp://")) - line.find("tcp://"));
  line = tunnel.output_line_with("\"to\":\"tcp://192.0.2.1:1\"");
  const std::string other =
      line.substr(line.find("tcp://"), line.find("\",", line.find("tcp://")) - line.find("tcp://"));
  {
    const RawPeer client = RawPeer::connect(port);
    client.send("abc");
    const RawPeer server = destination.accept();
    EXPECT_EQ(server.receive(3), "abc");
  }
  tunnel.output_line_with("\"closed\"");
  EXPECT_EQ(read_until_reset(RawPeer::connect(other)), "reset");
  tunnel.output_line_with("\"refused\"");
  tunnel.send_signal(SIGTERM);
  EXPECT_EQ(tunnel.wait(), 0);
  EXPECT_EQ(tunnel.errors(), "");
  const std::vector<boost::json::object> lines = json_lines(tunnel.output());
  ASSERT_EQ(lines.size(), 7U) << tunnel.output();
  EXPECT_EQ(lines[2].at("event"), "session_up");
  EXPECT_EQ(lines[3].at("event"), "opened");
  EXPECT_EQ(lines[3].at("to").as_string(), destination.endpoint());
  EXPECT_EQ(lines[4].at("event"), "closed");
  EXPECT_EQ(lines[4].at("up_bytes"), 3);
  EXPECT_EQ(lines[5].at("event"), "refused");
  EXPECT_EQ(lines[5].at("connection"), 2);
  EXPECT_EQ(lines[6].at("event"), "stats");
  EXPECT_EQ(lines[6].at("opened"), 1);
  EXPECT_EQ(lines[6].at("refused"), 1);
}

TEST(ToolTunnel, command_lines_without_sense_are_2_with_a_sentence) {
  using Words = std::vector<std::string>;
  const std::string via = "mux+tcp://127.0.0.1:1";
  const std::vector<std::pair<Words, std::string>> refusals{
      {{"tunnel"}, "--via ENDPOINT is missing"},
      {{"tunnel", "--via", via}, "--listen ENDPOINT is missing"},
      {{"tunnel", "--via", via, "--listen", "tcp://*:0"},
       "each --listen has its --to, in the same order; there are 1 and 0"},
      {{"tunnel", "--via", "tcp://127.0.0.1:1", "--listen", "tcp://*:0", "--to", "tcp://h:1"}, "--via is a mux+tcp://"},
      {{"tunnel", "--via", via + "?dialect=tcpchan", "--listen", "tcp://*:0", "--to", "tcp://h:1"},
       "a tunnel speaks yamux"},
      {{"tunnel", "--via", via, "--listen", "tls://*:0", "--to", "tcp://h:1"},
       "--listen is a tcp:// or unix:// endpoint"},
      {{"tunnel", "--via", via, "--listen", "tcp://*:0", "--to", "tcp://h:0"}, "port 0 is for listening only"},
      {{"tunnel", "--via", via, "--listen", "tcp://*:0", "--to", "tcp://*:1"}, "a wildcard host is for listening only"},
      {{"tunnel", "--via", via, "--listen", "tcp://*:1", "--to", "tcp://h:1", "--listen", "tcp://*:1", "--to",
        "tcp://h:1"},
       "is given twice"},
      {{"tunnel", "--via", via, "--listen", "tcp://*:0", "--to", "tcp://h:1", "--max-connections", "0"},
       "--max-connections is a whole number"},
      {{"gateway"}, "--listen ENDPOINT is missing"},
      {{"gateway", "--listen", "mux+tcp://*:0"}, "nothing is allowed"},
      {{"gateway", "--listen", "mux+tcp://*:0", "--allow", "tcp://*:*"}, "a wildcard host is for listening only"},
      {{"gateway", "--listen", "mux+tcp://*:0", "--allow", "tcp://h:0"}, "port 0 is for listening only"},
      {{"gateway", "--listen", "mux+tcp://*:0", "--allow", "tls://h:1"}, "--allow is a tcp:// or unix:// endpoint"},
      {{"gateway", "--listen", "mux+tls://*:0", "--allow", "tcp://h:1"}, "needs a certificate"},
  };
  for (const auto& [arguments, sentence] : refusals) {
    const ToolResult result = run_tool(arguments);
    EXPECT_EQ(result.code, 2) << sentence;
    EXPECT_TRUE(says(result.errors, sentence)) << result.errors;
  }
}

TEST(ToolTunnel, a_port_that_is_taken_is_1) {
  const RawListener taken{"tcp://127.0.0.1:0"};
  EXPECT_EQ(
      run_tool({"tunnel", "--via", "mux+tcp://127.0.0.1:1", "--listen", taken.endpoint(), "--to", "tcp://h:1"}).code,
      1);
  EXPECT_EQ(run_tool({"gateway", "--listen", "mux+" + taken.endpoint(), "--allow", "tcp://h:1"}).code, 1);
}

}  // namespace
}  // namespace parley::test
