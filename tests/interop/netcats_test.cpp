// nc and socat, as clients and as servers, against the library and against the tool as a process.
#include "interop/netcats.hpp"

#include <parley/wire/framing_text.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <tuple>
#include <vector>

namespace parley::interop {
namespace {

using namespace std::string_literals;
using support::ChildProcess;
using support::ChildResult;

// --- what is said ---------------------------------------------------------------------------------------------------

/// Every value a byte can have, more than a pipe or a small socket buffer holds.
std::string all_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i + i / 256) % 256);
  return bytes;
}

struct Speech {
  std::string framing;
  std::vector<std::string> messages;
  std::string bytes;  // the same on the wire
};

const std::vector<Speech>& speeches() {
  static const std::string large = all_bytes(300'000);
  static const std::vector<Speech> all{
      {"separator", {"hello", "", "wörld", "last"}, "hello\n\nwörld\nlast\n"},
      {"separator:\\r\\n", {"one\ntwo", "three"}, "one\ntwo\r\nthree\r\n"},
      {"raw", {large}, large},
      {"eof", {large}, large},
  };
  return all;
}

/// A raw stream arrives in pieces of any size.
std::vector<std::string> as_received(const Speech& speech, const std::vector<std::string>& messages) {
  if (speech.framing != "raw") return messages;
  std::string whole;
  for (const std::string& each : messages) whole += each;
  return {whole};
}

class Netcats : public testing::TestWithParam<std::tuple<Netcat, Role>> {
 protected:
  [[nodiscard]] static const Netcat& netcat() { return std::get<0>(GetParam()); }
  [[nodiscard]] static Role role() { return std::get<1>(GetParam()); }
  /// `nc -l` leaves when its peer ends one direction, and takes what it had still to send with it. With the framings
  /// that end a direction, then, whoever talks to it must not end first.
  [[nodiscard]] static bool leaves_at_our_end() { return netcat().name == "nc" && role() == Role::server; }
  [[nodiscard]] Endpoint fresh() const { return fresh_endpoint(netcat().transport, folder_); }

  ChildResult meet(const Speech& speech, const Talk& talk) {
    ConnectionOptions options;
    options.framing = parse_framing(speech.framing);
    Meeting meeting{role(), fresh(), options};
    return meeting.hold(netcat().command, speech.bytes, talk);
  }

  struct Results {
    ChildResult tool;
    ChildResult netcat;
  };

  /// The tool and the netcat, each with its input, up to the end of both.
  Results bring_together(Words tool_options, const std::string& tool_input, const std::string& netcat_input) {
    const bool tool_listens = role() == Role::client;
    const Endpoint asked = fresh();
    const auto start_tool = [&](const Endpoint& at) {
      Words command{PARLEY_BIN_DIR "/parley", tool_listens ? "listen" : "connect", at.serialize()};
      if (tool_listens) command.emplace_back("--once");
      command.insert(command.end(), tool_options.begin(), tool_options.end());
      return command;
    };
    ChildProcess listening{tool_listens ? start_tool(asked) : netcat().command(Role::server, asked)};
    const Endpoint at = listening_endpoint(listening, asked);
    ChildProcess connecting{tool_listens ? netcat().command(Role::client, at) : start_tool(at)};
    ChildProcess& tool = tool_listens ? listening : connecting;
    ChildProcess& netcat = tool_listens ? connecting : listening;
    tool.type(tool_input);
    tool.end_input();
    netcat.type(netcat_input);
    netcat.end_input();
    std::future<ChildResult> netcat_result = std::async(std::launch::async, [&netcat] { return netcat.wait(); });
    ChildResult tool_result = tool.wait();
    return {std::move(tool_result), netcat_result.get()};
  }

 private:
  support::TemporaryFolder folder_;
};

void expect_bytes(const ChildResult& result, const std::string& wanted) {
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(result.output == wanted) << result.output.size() << " bytes for " << wanted.size() << ", beginning "
                                       << testing::PrintToString(result.output.substr(0, 100));
}

// --- the library ----------------------------------------------------------------------------------------------------

TEST_P(Netcats, exchange_exact_bytes_with_the_library) {
  for (const Speech& speech : speeches()) {
    SCOPED_TRACE(speech.framing);
    std::vector<std::string> received;
    const bool reply = speech.framing == "eof" && leaves_at_our_end();
    const Talk talk = [&](Connection& connection) -> asio::awaitable<void> {
      if (reply) received = co_await receive_all(connection);
      for (const std::string& each : speech.messages) co_await connection.send(each);
      if (!reply) received = co_await receive_all(connection);
    };
    expect_bytes(meet(speech, talk), speech.bytes);
    EXPECT_TRUE(as_received(speech, received) == speech.messages) << received.size() << " messages";
  }
}

TEST_P(Netcats, get_back_what_they_say_from_an_echo_of_the_library) {
  for (const Speech& speech : speeches()) {
    SCOPED_TRACE(speech.framing);
    const Talk talk = [](Connection& connection) -> asio::awaitable<void> {
      while (std::optional<Message> message = co_await connection.next()) co_await connection.send(*message);
    };
    expect_bytes(meet(speech, talk), speech.bytes);
  }
}

TEST_P(Netcats, that_leave_a_line_unfinished_are_truncated) {
  const Speech unfinished{"separator", {}, "whole\nhalf"};
  const Talk talk = [](Connection& connection) -> asio::awaitable<void> {
    const Message whole = co_await connection.receive();
    EXPECT_EQ(whole.view(), "whole");
    boost::system::error_code end;
    try {
      static_cast<void>(co_await connection.receive());
    } catch (const Error& e) {
      end = e.code();
    }
    EXPECT_EQ(end, error::truncated);
    EXPECT_EQ(connection.partial().view(), "half");
  };
  expect_bytes(meet(unfinished, talk), "");
}

// --- the tool -------------------------------------------------------------------------------------------------------

TEST_P(Netcats, exchange_exact_bytes_with_the_tool) {
  for (const Speech& speech : {Speech{"separator", {}, "hello\n\nwörld\n"}, speeches()[2], speeches()[3]}) {
    SCOPED_TRACE(speech.framing);
    const Words options{"--framing", speech.framing, "--wait", "20"};
    if (speech.framing == "eof" && leaves_at_our_end()) {
      expect_bytes(bring_together(options, "", speech.bytes).tool, speech.bytes);
      expect_bytes(bring_together(options, speech.bytes, "").netcat, speech.bytes);
      continue;
    }
    if (speech.framing == "raw" && leaves_at_our_end()) {
      // The end of the tool's input ends its direction; that netcat's own bytes arrive is seen where the tool echoes.
      expect_bytes(bring_together(options, speech.bytes, "").netcat, speech.bytes);
      continue;
    }
    const Results results = bring_together(options, speech.bytes, speech.bytes);
    expect_bytes(results.tool, speech.bytes);
    expect_bytes(results.netcat, speech.bytes);
  }
}

TEST_P(Netcats, get_back_what_they_say_from_an_echo_of_the_tool) {
  for (const Speech& speech : speeches()) {
    SCOPED_TRACE(speech.framing);
    const Results results = bring_together({"--framing", speech.framing, "--echo", "--discard"}, "", speech.bytes);
    expect_bytes(results.tool, "");
    expect_bytes(results.netcat, speech.bytes);
  }
}

TEST_P(Netcats, that_leave_a_line_unfinished_make_the_tool_leave_with_5) {
  const Results results = bring_together({"--framing", "separator"}, "", "whole\nhalf");
  EXPECT_EQ(results.tool.code, 5) << results.tool.errors;
  EXPECT_EQ(results.tool.output, "whole\n");
}

INSTANTIATE_TEST_SUITE_P(
    As, Netcats, testing::Combine(testing::ValuesIn(all_netcats()), testing::Values(Role::client, Role::server)),
    [](const auto& each) {
      const Netcat& netcat = std::get<0>(each.param);
      return netcat.name + "_" + to_string(std::get<1>(each.param)) + "_over_" + to_string(netcat.transport);
    });

TEST(ForeignProgram, that_is_missing_is_a_failure) {
  EXPECT_THROW(ChildProcess({"parley-no-such-program"}), std::runtime_error);
}

}  // namespace
}  // namespace parley::interop
