// Messages deflated by Python's zlib come back deflated by the filter, and the other way round.
#include "interop/meeting.hpp"

#include <parley/app/filters/chain.hpp>
#include <parley/app/filters/checksum.hpp>
#include <parley/app/filters/deflate.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::interop {
namespace {

/// Throws Error with the filter's sentence when it lets a message not through.
Message let_through(app::FilterResult result) {
  if (!result.is_message()) throw Error{result.code(), result.sentence()};
  return std::move(result.message());
}

asio::awaitable<void> filtered_echo(Connection& connection, app::Filter& filter) {
  while (const std::optional<Message> message = co_await connection.next()) {
    const Message body = let_through(filter.decode(*message));
    co_await connection.send(let_through(filter.encode(body)));
  }
}

class PythonDeflate : public ::testing::TestWithParam<Role> {
 protected:
  void expect_agreement(bool keeps_context, int level) {
    const auto filter =
        app::chain({app::checksum_filter({}), app::deflate_filter({.level = level, .keeps_context = keeps_context})})();
    const Command command = [&](Role role, const Endpoint& endpoint) -> std::vector<std::string> {
      return {"python3",
              PARLEY_SOURCE_DIR "/tests/interop/python/deflate_peer.py",
              to_string(role),
              endpoint.serialize(),
              keeps_context ? "context" : "each",
              std::to_string(level)};
    };
    const Talk talk = [&](Connection& connection) { return filtered_echo(connection, *filter); };
    Meeting meeting{GetParam(), fresh_endpoint(Transport::tcp, folder_), {}};
    const support::ChildResult python = meeting.hold(command, "", talk);
    EXPECT_EQ(python.code, 0) << python.errors;
    EXPECT_EQ(python.output, "208\n");
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_P(PythonDeflate, every_message_by_itself) {
  for (const int level : {0, 1, 6, 9}) {
    SCOPED_TRACE(level);
    expect_agreement(false, level);
  }
}

TEST_P(PythonDeflate, messages_that_refer_to_those_before_them) {
  for (const int level : {0, 1, 6, 9}) {
    SCOPED_TRACE(level);
    expect_agreement(true, level);
  }
}

INSTANTIATE_TEST_SUITE_P(As, PythonDeflate, ::testing::Values(Role::client, Role::server),
                         [](const auto& each) { return to_string(each.param); });

}  // namespace
}  // namespace parley::interop
