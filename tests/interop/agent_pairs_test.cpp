// parley-agent against itself: the pairs that a suite across languages starts.
#include "interop/agent.hpp"
#include "support/aiomsg_frames.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace parley::interop {
namespace {

using support::ChildResult;
using support::numbered_lines;

constexpr int killed_by_term = 128 + SIGTERM;

/// Who binds, and how.
class AgentPairs : public testing::TestWithParam<std::tuple<std::string, std::string, std::string, std::string>> {
 protected:
  [[nodiscard]] static std::string transport() { return std::get<0>(GetParam()); }
  [[nodiscard]] static bool source_binds() { return std::get<1>(GetParam()) == "bind"; }
  [[nodiscard]] static Words common() {
    return {"--send-mode", std::get<2>(GetParam()), "--delivery", std::get<3>(GetParam()), "--count", "10"};
  }
  [[nodiscard]] static Words source() { return common() + Words{"--behavior", "source", "--linger", "60"}; }

  support::TemporaryFolder folder;
};

TEST_P(AgentPairs, sink_prints_all_in_order) {
  const Words sink_words = common() + Words{"--behavior", "sink"};
  Agent binder{transport(), folder.file("s"), source_binds() ? source() : sink_words};
  Agent connector{binder.bound(), source_binds() ? sink_words : source()};
  Agent& sink = source_binds() ? connector : binder;
  Agent& source = source_binds() ? binder : connector;
  const ChildResult printed = sink.wait();
  EXPECT_EQ(printed.code, 0) << printed.errors;
  EXPECT_EQ(printed.output, numbered_lines(10)) << printed.errors;
  source.signal(SIGTERM);
  const ChildResult ended = source.wait();
  EXPECT_EQ(ended.code, killed_by_term) << ended.errors;
  EXPECT_EQ(ended.output, "");
}

TEST_P(AgentPairs, echo_sends_all_back) {
  const Words echo_words = common() + Words{"--behavior", "echo", "--linger", "0"};
  Agent binder{transport(), folder.file("s"), source_binds() ? source() : echo_words};
  Agent connector{binder.bound(), source_binds() ? echo_words : source()};
  Agent& echo = source_binds() ? connector : binder;
  const ChildResult ended = echo.wait();
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "");
  EXPECT_EQ(ended.errors.find("not "), std::string::npos) << ended.errors;
}

INSTANTIATE_TEST_SUITE_P(All, AgentPairs,
                         testing::Combine(testing::ValuesIn(agent_transports()), testing::Values("bind", "connect"),
                                          testing::Values("publish", "roundrobin"),
                                          testing::Values("at-most-once", "at-least-once")),
                         [](const auto& each) {
                           std::string name = std::get<0>(each.param) + "_source_" + std::get<1>(each.param) + "s_" +
                                              std::get<2>(each.param) + "_" + std::get<3>(each.param);
                           for (char& letter : name) letter = letter == '-' ? '_' : letter;
                           return name;
                         });

TEST(AgentSource, leaves_with_0_though_nobody_came) {
  Agent source{"tcp", "", {"--behavior", "source", "--linger", "0.1"}};
  const ChildResult ended = source.wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_NE(ended.errors.find("10 messages were not sent\n"), std::string::npos) << ended.errors;
}

/// More than are kept for a peer to come, and than fit into its queue. So it is not done before the sink is there, and
/// need not linger.
TEST(AgentSource, sends_any_number_of_messages_and_leaves_with_0) {
  for (const Words& manner :
       {Words{"roundrobin", "at-most-once"}, Words{"roundrobin", "at-least-once"}, Words{"publish", "at-most-once"}}) {
    SCOPED_TRACE(manner[0] + " " + manner[1]);
    const Words common{"--count", "100000", "--send-mode", manner[0], "--delivery", manner[1]};
    Agent source{"tcp", "", common + Words{"--behavior", "source", "--linger", "0"}};
    Agent sink{source.bound(), common + Words{"--behavior", "sink"}};
    const ChildResult printed = sink.wait();
    EXPECT_TRUE(printed.output == numbered_lines(100'000)) << printed.output.size() << " bytes\n" << printed.errors;
    const ChildResult ended = source.wait();
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.errors.find("messages were not"), std::string::npos) << ended.errors;
  }
}

TEST(AgentSource, says_that_publishing_is_at_most_once) {
  Agent source{
      "tcp", "", {"--behavior", "source", "--send-mode", "publish", "--delivery", "at-least-once", "--linger", "0"}};
  const std::string told = source.wait().errors;
  EXPECT_TRUE(told.starts_with("publishing is at-most-once only: --delivery at-least-once has no effect\n")) << told;
}

TEST(AgentSink, prints_bytes_as_they_are) {
  const std::string prefix = "Grüße, 世界 ";
  Agent source{"tcp", "", {"--behavior", "source", "--count", "1", "--prefix", prefix, "--linger", "60"}};
  Agent sink{source.bound(), {"--behavior", "sink", "--count", "1"}};
  EXPECT_EQ(sink.wait().output, prefix + "0\n");
}

// --- its command line ------------------------------------------------------------------------------------------------

struct Misuse {
  const char* name;
  Words words;
  std::string sentence;
};

class AgentCommandLine : public testing::TestWithParam<Misuse> {};

TEST_P(AgentCommandLine, is_refused_with_a_sentence) {
  Agent program{GetParam().words};
  const ChildResult ended = program.wait();
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.output, "");
  EXPECT_EQ(ended.errors.substr(0, ended.errors.find("; see parley-agent --help\n")), GetParam().sentence);
}

INSTANTIATE_TEST_SUITE_P(
    Wrong, AgentCommandLine,
    testing::Values(
        Misuse{"unknown_option", {"--colour", "red"}, "there is no option --colour"},
        Misuse{"argument", {"tcp://127.0.0.1:1"}, "there is no option tcp://127.0.0.1:1"},
        Misuse{"bare_switch", {"--tls", "--role", "bind"}, "--tls \"--role\" is not one of true, false"},
        Misuse{"missing_value", {"--tls"}, "--tls needs a value: true|false"},
        Misuse{"number", {"--port", "65536"}, "--port \"65536\" is not a number from 0 to 65535"},
        Misuse{"count", {"--count", "-1"}, "--count \"-1\" is not a number of messages"},
        Misuse{"seconds", {"--linger", "soon"}, "--linger \"soon\" is not a number of seconds, such as 0.5"},
        Misuse{"identity", {"--identity", "f0f1"}, "--identity \"f0f1\" is not 32 hexadecimal digits, or empty"},
        Misuse{"port", {"--port", "0"}, "--port 0 is for --role bind: nobody can be connected to there\n"},
        Misuse{"path", {"--transport", "unix"}, "--transport unix needs the --path of the socket\n"},
        Misuse{"legacy_over_web_socket",
               {"--role", "bind", "--port", "0", "--transport", "ws", "--dialect", "legacy"},
               "the legacy dialect is not spoken over WebSocket (ws://127.0.0.1:0/)\n"}),
    [](const auto& p) { return p.param.name; });

TEST(AgentHelp, goes_to_standard_error) {
  Agent program{{"--help"}};
  const ChildResult ended = program.wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.output, "");
  EXPECT_NE(ended.errors.find("--send-mode publish|roundrobin"), std::string::npos);
}

TEST(AgentOptions, that_do_not_apply_are_accepted_and_an_empty_identity_is_random) {
  const Words all{"--host",    "127.0.0.1",  "--send-mode",  "roundrobin",        "--count", "1",
                  "--prefix=", "--delivery", "at-most-once", "--linger",          "1e0",     "--identity",
                  "",          "--tls",      "false",        "--tls-server-name", "x"};
  Agent refused{all};
  EXPECT_EQ(refused.wait().code, 2) << "an exponent is no decimal";
  Words good = all;
  good[10] = "60.0";
  Agent source{"tcp", "", good + Words{"--behavior", "source"}};
  Agent sink{source.bound(), good + Words{"--behavior", "sink"}};
  EXPECT_EQ(sink.wait().output, "0\n");
}

TEST(AgentFailure, is_told_with_the_endpoint) {
  Agent first{"tcp", "", {}};
  const Endpoint taken = first.bound();
  Agent second{{"--role", "bind", "--port", std::to_string(taken.port())}};
  const ChildResult ended = second.wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.errors.find(taken.to_string()), std::string::npos) << ended.errors;
}

}  // namespace
}  // namespace parley::interop
