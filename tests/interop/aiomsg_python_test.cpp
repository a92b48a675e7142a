// parley-agent and peers in Python, by the standard library alone, that compare every byte.
#include "interop/agent.hpp"
#include "interop/meeting.hpp"
#include "support/aiomsg_frames.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

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

  /// Byte by byte as well; what is below does not matter for that.
  [[nodiscard]] static std::vector<Words> manners() {
    return transport() == "tcp" ? std::vector<Words>{{}, {"--cut"}} : std::vector<Words>{{}};
  }

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
  const Ends ends =
      hold({"--behavior", "source", "--prefix", prefix, "--linger", "60"}, {"sink", "--prefix", prefix}, true);
  EXPECT_EQ(ends.python.code, 0) << ends.python.errors << ends.agent.errors;
  EXPECT_EQ(ends.agent.output, "");
}

TEST_P(AiomsgPython, source_is_printed_and_acknowledged) {
  for (const Words& manner : manners()) {
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
  for (const Words& manner : manners()) {
    const Words number{"--count", manner.empty() ? count : cut_count};
    const Ends ends = hold(Words{"--behavior", "echo", "--linger", "0"} + number, Words{"ask"} + manner + number);
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
                                            ::testing::ValuesIn(python_transports()), ::testing::Values("v1", "legacy"),
                                            ::testing::Values("at-most-once", "at-least-once")),
                         name_of_pair);

// --- what takes a while: several at once -----------------------------------------------------------------------------

class AiomsgPatience : public testing::Test {
 protected:
  struct Pair {
    std::unique_ptr<Agent> agent;
    std::unique_ptr<ChildProcess> python;
  };

  void meet(const std::string& transport, const std::string& dialect, const Words& agent_words, const Words& task) {
    Pair pair;
    pair.agent = std::make_unique<Agent>(
        transport, folder_.file("s"),
        agent_words + Words{"--identity", agent_identity_text, "--dialect", dialect == "v1" ? "aiomsg" : "legacy"});
    const std::string at = pair.agent->bound().to_string();
    pair.python = std::make_unique<ChildProcess>(
        Words{"python3", PARLEY_SOURCE_DIR "/tests/interop/python/aiomsg_peer.py", "client", at} + task +
        Words{"--dialect", dialect, "--identity", agent_identity_text} + agent_certificates().words());
    pairs_.push_back(std::move(pair));
  }
  void expect_success() {
    for (Pair& pair : pairs_) {
      const ChildResult ended = pair.python->wait();
      EXPECT_EQ(ended.code, 0) << ended.errors;
    }
  }

 private:
  support::TemporaryFolder folder_;
  std::vector<Pair> pairs_;
};

TEST_F(AiomsgPatience, is_rewarded_by_a_heartbeat_after_five_seconds_of_silence) {
  for (const std::string dialect : {"v1", "legacy"}) meet("tcp", dialect, {}, {"heartbeat"});
  expect_success();
}

/// So many that the source is not done before the sink is there, and need not linger.
TEST_F(AiomsgPatience, is_rewarded_by_a_clean_end_behind_the_last_message) {
  const Words many{"--count", "70000"};
  for (const std::string& transport : python_transports()) {
    meet(transport, "v1", Words{"--behavior", "source", "--linger", "0"} + many, Words{"sink_to_the_end"} + many);
  }
  expect_success();
}

}  // namespace
}  // namespace parley::interop
