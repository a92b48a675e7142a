// nc and socat as the devices that handlers are for: against an app::Server of the test, and against `parley listen
// --on` as a process.
#include "interop/netcats.hpp"

#include <parley/app/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::interop {
namespace {

using namespace std::string_literals;
using support::ChildProcess;
using support::ChildResult;

/// A program made of handlers, on a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(app::Server& server)
      : server_{server}, ended_{std::async(std::launch::async, [&server] { server.run(); })} {}
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    server_.request_stop(support::hang_bound);
    ended_.wait();
  }

 private:
  app::Server& server_;
  std::future<void> ended_;
};

class NetcatsAndHandlers : public testing::TestWithParam<Netcat> {
 protected:
  /// What the program prints that says this to the server, and ends its direction then.
  ChildResult answer_to(const std::string& input, const Endpoint& at) {
    ChildProcess program{GetParam().command(Role::client, at)};
    program.type(input);
    program.end_input();
    return program.wait();
  }

  /// The same, of a server that runs meanwhile.
  ChildResult answer_of(app::Server& server, const std::string& input) {
    const Endpoint at = server.listen(fresh());
    const RunningServer running{server};
    return answer_to(input, at);
  }

  [[nodiscard]] Endpoint fresh() const { return fresh_endpoint(GetParam().transport, folder_); }

 private:
  support::TemporaryFolder folder_;
};

void expect_output(const ChildResult& result, const std::string& wanted) {
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(result.output == wanted) << testing::PrintToString(result.output.substr(0, 200));
}

std::string reversed(const Message& message) {
  std::string bytes = message.text();
  std::ranges::reverse(bytes);
  return bytes;
}

// --- the library ----------------------------------------------------------------------------------------------------

/// Of one meter.
struct Readings {
  int count = 0;
  int sum = 0;
};

void add_devices(app::Server& server) {
  server.classify(app::ByPrefix{{"PANEL ", "panel"}, {"METER ", "meter"}});
  server.on_message("panel", [](const std::string& line) { return "ack " + line; });
  server.on_message("meter", [](app::Peer& peer, const std::string& line) -> std::optional<std::string> {
    auto& [count, sum] = peer.state<Readings>();
    if (line == "total") return std::to_string(count) + " " + std::to_string(sum);
    if (line.starts_with("METER ")) return std::nullopt;
    ++count;
    sum += std::stoi(line);
    return std::nullopt;
  });
}

TEST_P(NetcatsAndHandlers, lines_of_two_kinds_of_devices_get_to_the_handlers_of_their_kind) {
  app::Server server{{.framing = Separator{"\n"}}};
  add_devices(server);
  const Endpoint at = server.listen(fresh());
  const RunningServer running{server};
  expect_output(answer_to("PANEL gate\nalarm 4\n", at), "ack PANEL gate\nack alarm 4\n");
  expect_output(answer_to("METER hall\n230\n12\ntotal\n", at), "2 242\n");
  // Nobody handles what is neither.
  expect_output(answer_to("GET / HTTP/1.1\r\n\r\n", at), "");
}

TEST_P(NetcatsAndHandlers, null_bytes_in_lines_and_between_messages_are_bytes_as_others) {
  app::Server lines{{.framing = Separator{"\n"}}};
  lines.on_message([](const Message& line) { return reversed(line); });
  expect_output(answer_of(lines, "a\0b\n\0\n\0\0c\n"s), "b\0a\n\0\nc\0\0\n"s);

  app::Server words{{.framing = Separator{std::string(1, '\0')}}};
  words.on_message([](const Message& word) { return reversed(word); });
  expect_output(answer_of(words, "one\0two\nthree\0\0"s), "eno\0eerht\nowt\0\0"s);
}

TEST_P(NetcatsAndHandlers, messages_of_a_fixed_length_may_have_any_bytes) {
  std::string sent;
  std::string wanted;
  for (int i = 0; i < 256; ++i) {
    std::string message{"\0\n\xff 1234"s};
    message[3] = static_cast<char>(i);
    sent += message;
    wanted.append(message.rbegin(), message.rend());
  }
  app::Server server{{.framing = FixedLength{8}}};
  server.on_message([](const Message& message) { return reversed(message); });
  expect_output(answer_of(server, sent), wanted);
}

TEST_P(NetcatsAndHandlers, what_comes_up_to_the_end_of_the_stream_is_one_message_and_so_is_the_answer) {
  std::string large(300'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 256);
  app::Server server{{.framing = UntilEof{}}};
  server.on_message([](const Message& message) { return reversed(message); });
  expect_output(answer_of(server, large), {large.rbegin(), large.rend()});
}

// --- the tool -------------------------------------------------------------------------------------------------------

TEST_P(NetcatsAndHandlers, commands_of_the_tool_answer_them_by_kind) {
  const Endpoint asked = fresh();
  ChildProcess tool{{PARLEY_BIN_DIR "/parley",
                     "listen",
                     asked.serialize(),
                     "--framing",
                     "separator",
                     "--format",
                     "raw",
                     "--discard",
                     "--classify",
                     "PANEL =panel",
                     "--classify",
                     "\\0=binary",
                     "--otherwise",
                     "visitor",
                     "--on",
                     "panel=printf 'ack '; cat",
                     "--on",
                     "binary=tr '\\000' '\\001'",
                     "--on",
                     "visitor=true"}};
  const Endpoint at = listening_endpoint(tool, asked);
  expect_output(answer_to("PANEL gate\nalarm 4\n", at), "ack PANEL gate\nack alarm 4\n");
  expect_output(answer_to("\0\0a\n\n"s, at), "\1\1a\n"s);
  expect_output(answer_to("hello\n", at), "");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

TEST_P(NetcatsAndHandlers, commands_of_the_tool_take_what_comes_up_to_the_end_of_the_stream) {
  const Endpoint asked = fresh();
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "listen", asked.serialize(), "--framing", "eof", "--discard",
                     "--classify", "x=any", "--on", "any=wc -c"}};
  expect_output(answer_to("x" + std::string(100'000, '\0'), listening_endpoint(tool, asked)), "100001\n");
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

// --- over UDP -------------------------------------------------------------------------------------------------------

ChildResult answer_to_datagram(const Words& command, const std::string& datagram) {
  ChildProcess program{command};
  program.type(datagram);
  program.end_input();
  return program.wait();
}

TEST(NetcatsAndHandlersOverUdp, are_answered_by_the_handlers_of_their_kind) {
  app::Server server;
  const app::ByPrefix::Entry panel{"!!", "panel"};
  server.classify(app::ByPrefix{{panel}, "meter"});
  server.on_message("panel", [](const Message& message) { return reversed(message); });
  server.on_message("meter", [](const Message& message) { return Message{"ack " + message.text().substr(0, 4)}; });
  const Endpoint at = server.listen("udp://127.0.0.1:0");
  const RunningServer running{server};
  for (Words (*const netcat)(const Endpoint&) : {nc_to, socat_to}) {
    expect_output(answer_to_datagram(netcat(at), "!!\0\n4-1\0"s), "\0001-4\n\0!!"s);
    expect_output(answer_to_datagram(netcat(at), "230 V"), "ack 230 ");
  }
}

TEST(NetcatsAndHandlersOverUdp, are_answered_by_the_commands_of_their_kind) {
  ChildProcess tool{{PARLEY_BIN_DIR "/parley", "listen", "udp://127.0.0.1:0", "--format", "raw", "--discard",
                     "--classify", "!!=panel", "--otherwise", "meter", "--on", "panel=tr '\\000' '\\001'", "--on",
                     "meter=head -c 4; printf ' ack'"}};
  const Endpoint at = listening_endpoint(tool, Endpoint::udp("127.0.0.1", 0));
  for (Words (*const netcat)(const Endpoint&) : {nc_to, socat_to}) {
    expect_output(answer_to_datagram(netcat(at), "!!\0\n4-1\0"s), "!!\1\n4-1\1"s);
    expect_output(answer_to_datagram(netcat(at), "230 V"), "230  ack");
  }
  tool.signal(SIGTERM);
  EXPECT_EQ(tool.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(As, NetcatsAndHandlers, testing::ValuesIn(all_netcats()),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace parley::interop
