// TCPChan as the original speaks it, by a Python program of nothing but its standard library.
#include "interop/foreign_channels.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::interop::tcpchan {
namespace {

constexpr std::size_t many = 1000;
constexpr std::uint64_t much = 20 * limits::mib;

std::vector<std::string> python_command(Role role, const std::string& address, const std::vector<std::string>& job) {
  std::vector<std::string> command{"python3", PARLEY_SOURCE_DIR "/tests/interop/python/tcpchan_peer.py",
                                   to_string(role), address};
  command.insert(command.end(), job.begin(), job.end());
  return command;
}

class TcpChanInPython : public ForeignChannels, public ::testing::WithParamInterface<Role> {
 protected:
  TcpChanInPython() : ForeignChannels{GetParam(), python_command} { options.dialect = MuxDialect::tcpchan; }
};

TEST_P(TcpChanInPython, echoes_on_a_thousand_channels_at_once) { echoes_at_once(many); }

TEST_P(TcpChanInPython, opens_a_thousand_channels_at_once_and_gets_its_echoes) { gets_echoes_at_once(many); }

TEST_P(TcpChanInPython, takes_20_mib_on_one_channel_and_answers_on_others) {
  ask([](Session& session) -> asio::awaitable<void> { co_await ask_much_and_little(session, much); });
}

TEST_P(TcpChanInPython, sends_20_mib_on_one_channel_and_is_answered_on_others) {
  serve({"bulk", std::to_string(much)});
}

INSTANTIATE_TEST_SUITE_P(As, TcpChanInPython, ::testing::Values(Role::client, Role::server),
                         [](const auto& each) { return to_string(each.param); });

}  // namespace
}  // namespace parley::interop::tcpchan
