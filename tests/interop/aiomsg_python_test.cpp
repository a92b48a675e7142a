// parley-agent and peers in Python, by the standard library alone, that compare every byte.
#include "interop/agent.hpp"
#include "interop/meeting.hpp"
#include "support/aiomsg_frames.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <tuple>

namespace parley::interop {
namespace {

using support::ChildProcess;
using support::ChildResult;
using support::numbered_lines;

/// The side of the Python program.
using PeerOf = std::tuple<Role, std::string, std::string, std::string>;

class AiomsgPython : public testing::TestWithParam<PeerOf> {
 protected:
  [[nodiscard]] static Role role() { return std::get<0>(GetParam()); }
  [[nodiscard]] static std::string transport() { return std::get<1>(GetParam()); }
  [[nodiscard]] static std::string dialect() { return std::get<2>(GetParam()); }
  [[nodiscard]] static std::string delivery() { return std::get<3>(GetParam()); }

  struct Ends {
    ChildResult agent;
    ChildResult python;
  };

  /// The two together. An agent that would not end by itself is ended behind the Python program.
  Ends hold(const Words& agent_words, const Words& task, bool stop_agent = false) {
    const Words common =
        agent_words + Words{"--identity", agent_identity_text, "--delivery",
                            delivery(),   "--dialect",         dialect() == "legacy" ? "legacy" : "aiomsg"};
    const Endpoint asked =
        transport() == "unix" ? Endpoint::unix_path(folder_.file("s")) : Endpoint{transport() + "://127.0.0.1:0"};
    std::optional<Agent> agent;
    std::optional<ChildProcess> program;
    if (role() == Role::client) {
      agent.emplace(transport(), folder_.file("s"), common);
      program.emplace(python("client", agent->bound(), task));
    } else {
      program.emplace(python("server", asked, task));
      agent.emplace(listening_endpoint(*program, asked), common);
    }
    if (!stop_agent) {
      ChildResult ended = agent->wait();
      return {std::move(ended), program->wait()};
    }
    ChildResult ended = program->wait();
    agent->signal(SIGTERM);
    return {agent->wait(), std::move(ended)};
  }

 private:
  static Words python(const std::string& role, const Endpoint& where, const Words& task) {
    return Words{"python3", PARLEY_SOURCE_DIR "/tests/interop/python/aiomsg_peer.py", role, where.to_string()} + task +
           Words{"--dialect", dialect(), "--delivery", delivery(), "--identity", agent_identity_text} +
           agent_certificates().words();
  }

  support::TemporaryFolder folder_;
};

TEST_P(AiomsgPython, sink_gets_every_byte) {
  const std::string prefix = "m\xc3\xbc";
  const Ends ends = hold({"--behavior", "source", "--prefix", prefix, "--linger", "0.2"}, {"sink", "--prefix", prefix});
  EXPECT_EQ(ends.python.code, 0) << ends.python.errors << ends.agent.errors;
  EXPECT_EQ(ends.agent.code, 0);
  EXPECT_EQ(ends.agent.output, "");
}

TEST_P(AiomsgPython, source_is_printed_and_acknowledged) {
  for (const Words& manner : {Words{}, Words{"--cut"}}) {
    const Ends ends = hold({"--behavior", "sink"}, Words{"source"} + manner);
    EXPECT_EQ(ends.python.code, 0) << ends.python.errors << ends.agent.errors;
    EXPECT_EQ(ends.agent.code, 0);
    EXPECT_EQ(ends.agent.output, numbered_lines(10));
  }
}

TEST_P(AiomsgPython, gets_everything_back_unchanged) {
  const bool is_legacy = dialect() == "legacy";  // which has no empty messages
  const std::string count = is_legacy ? "14" : "16";
  const std::string cut_count = is_legacy ? "10" : "12";
  for (const Words& manner : {Words{"--count", count}, Words{"--count", cut_count, "--cut"}}) {
    const Ends ends = hold({"--behavior", "echo", "--linger", "0", "--count", manner[1]}, Words{"ask"} + manner);
    EXPECT_EQ(ends.python.code, 0) << ends.python.errors << ends.agent.errors;
    EXPECT_EQ(ends.agent.code, 0);
    EXPECT_EQ(ends.agent.output, "");
  }
}

TEST_P(AiomsgPython, is_acknowledged_by_who_never_receives) {
  const Ends ends = hold({"--behavior", "source", "--linger", "60"}, {"echo"}, true);
  EXPECT_EQ(ends.python.code, 0) << ends.python.errors << ends.agent.errors;
}

Words python_transports() {
  Words all{"tcp", "unix"};
#if PARLEY_HAS_TLS
  all.emplace_back("tls");
#endif
  return all;
}

/// (A macro's argument cannot hold the commas.)
const auto name_of_pair = [](const auto& each) {
  const auto& [role, transport, dialect, delivery] = each.param;
  return to_string(role) + "_over_" + transport + "_" + dialect +
         (delivery == "at-most-once" ? "_at_most_once" : "_at_least_once");
};

INSTANTIATE_TEST_SUITE_P(As, AiomsgPython,
                         ::testing::Combine(::testing::Values(Role::client, Role::server),
                                            ::testing::ValuesIn(python_transports()),
                                            ::testing::Values("v1", "legacy"),
                                            ::testing::Values("at-most-once", "at-least-once")),
                         name_of_pair);

/// Both dialects at once, as it takes a while.
TEST(AiomsgPythonPatience, sees_a_heartbeat_after_five_seconds_of_silence) {
  Agent v1{"tcp", "", {"--identity", agent_identity_text}};
  Agent legacy{"tcp", "", {"--identity", agent_identity_text, "--dialect", "legacy"}};
  const auto python = [](Agent& agent, const std::string& dialect) {
    return Words{"python3",
                 PARLEY_SOURCE_DIR "/tests/interop/python/aiomsg_peer.py",
                 "client",
                 agent.bound().to_string(),
                 "heartbeat",
                 "--dialect",
                 dialect,
                 "--identity",
                 agent_identity_text};
  };
  ChildProcess v1_peer{python(v1, "v1")};
  ChildProcess legacy_peer{python(legacy, "legacy")};
  for (ChildProcess* peer : {&v1_peer, &legacy_peer}) {
    const ChildResult ended = peer->wait();
    EXPECT_EQ(ended.code, 0) << ended.errors;
  }
}

}  // namespace
}  // namespace parley::interop
