// The alarm receiver and its panels by the hundred, each a process of its own.
#include "support/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#if PARLEY_HAS_EXAMPLES

namespace parley::interop::alarm_example {
namespace {

using namespace std::chrono_literals;
using support::ChildProcess;
using support::ChildResult;

/// Of the receiver, in KiB: what sanitizers add is not the receiver's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t memory_max = 1024 * 1024;
#else
constexpr std::size_t memory_max = 16 * 1024;
#endif

/// The first group of each match, in order.
std::vector<std::string> all(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  std::transform(std::sregex_iterator{text.begin(), text.end(), pattern}, {}, std::back_inserter(found),
                 [](const std::smatch& match) { return match[1].str(); });
  return found;
}

std::size_t number(const std::string& text, const std::regex& pattern) {
  const std::vector<std::string> found = all(text, pattern);
  return found.size() == 1 ? std::stoul(found.front()) : 0;
}

/// `garbage account 100042`, for each.
std::vector<std::string> misdeeds(const std::string& text) {
  return all(text, std::regex{"misbehaviour ([a-z]+ account [0-9]+)"});
}

TEST(AlarmExample, acknowledges_hundreds_of_panels_and_names_exactly_those_that_misbehave) {
  ChildProcess receiver{{PARLEY_BIN_DIR "/example_alarm_receiver", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0", "6"}};
  const std::string at =
      all(receiver.error_line_with("panels at"), std::regex{"panels at (tcp://127.0.0.1:[0-9]+)"}).at(0);

  ChildProcess simulator{
      {PARLEY_BIN_DIR "/example_alarm_simulator", at, "--panels", "300", "--seconds", "5", "--misbehaving", "4%"}};
  const ChildResult simulated = simulator.wait(120s);
  EXPECT_EQ(simulated.code, 0) << simulated.output << simulated.errors;
  const std::size_t messages = number(simulated.output, std::regex{"([0-9]+) messages"});
  EXPECT_GE(messages, 288 * (1 + 5));  // of the others, those before and behind what they do
  EXPECT_EQ(number(simulated.output, std::regex{"([0-9]+) acknowledgements"}), messages);

  receiver.signal(SIGINT);
  const ChildResult received = receiver.wait();
  EXPECT_EQ(received.code, 0) << received.errors;
  EXPECT_THAT(misdeeds(simulated.output), ::testing::SizeIs(12));
  EXPECT_THAT(misdeeds(received.errors), ::testing::UnorderedElementsAreArray(misdeeds(simulated.output)))
      << received.errors;
  const std::size_t memory = number(received.errors, std::regex{"at most ([0-9]+) KiB"});
  EXPECT_GT(memory, 0) << received.errors;
  EXPECT_LE(memory, memory_max);
}

}  // namespace
}  // namespace parley::interop::alarm_example

#endif
