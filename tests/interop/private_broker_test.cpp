// The broker that tests of AMQP meet, itself.
#include "support/private_broker.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <system_error>

namespace parley::interop::broker {
namespace {

using namespace std::string_literals;
using support::PrivateBroker;
using support::RawPeer;
using Queues = std::map<std::string, std::uint64_t>;

RawPeer dial(const PrivateBroker& broker) { return RawPeer{Endpoint::tcp("127.0.0.1", broker.port())}; }

/// What it says first to who speaks AMQP 0-9-1 is connection.start, on channel 0.
void expect_greeting(const PrivateBroker& broker) {
  RawPeer peer = dial(broker);
  peer.write("AMQP\0\0\x09\x01"s);
  const std::string start = peer.read(11);
  EXPECT_EQ(start.substr(0, 3), "\x01\0\0"s);
  EXPECT_EQ(start.substr(7), "\0\x0a\0\x0a"s);
}

/// As a client would declare it, durable.
void declare(PrivateBroker& broker, const std::string& name) {
  broker.control({"eval", "{new, _} = rabbit_amqqueue:declare({resource, <<\"/\">>, queue, <<\"" + name +
                              "\">>}, true, false, [], none, <<\"test\">>), ok."});
}

std::string alarms(PrivateBroker& broker) { return broker.control({"eval", "rabbit_alarm:get_local_alarms()."}); }

/// One for all of them, as it takes a while to start.
class PrivateBrokerOfTests : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { shared = std::make_unique<PrivateBroker>(); }
  static void TearDownTestSuite() { shared.reset(); }

  inline static std::unique_ptr<PrivateBroker> shared;
};

TEST_F(PrivateBrokerOfTests, is_killed_and_starts_again_with_what_is_durable) {
  expect_greeting(*shared);
  EXPECT_EQ(shared->queues(), Queues{});
  declare(*shared, "communica.a.connect.server");
  shared->control({"eval", "mnesia:sync_log()."});  // what was declared reaches the disk some time later
  RawPeer connected = dial(*shared);
  shared->kill();
  EXPECT_EQ(connected.read_to_end(), "");
  EXPECT_THROW(dial(*shared), std::system_error);
  shared->start();
  expect_greeting(*shared);
  EXPECT_EQ(shared->queues(), (Queues{{"communica.a.connect.server", 0}}));
}

TEST_F(PrivateBrokerOfTests, has_an_alarm_that_can_be_set_and_cleared) {
  EXPECT_EQ(alarms(*shared), "[]\n");
  shared->set_memory_alarm(true);
  EXPECT_NE(alarms(*shared).find("resource_limit,memory"), std::string::npos);
  shared->set_memory_alarm(false);
  EXPECT_EQ(alarms(*shared), "[]\n");
}

TEST_F(PrivateBrokerOfTests, has_nothing_in_common_with_another) {
  std::uint16_t port = 0;
  {
    PrivateBroker other;
    port = other.port();
    EXPECT_NE(port, shared->port());
    declare(other, "other");
    EXPECT_EQ(other.queues(), (Queues{{"other", 0}}));
    EXPECT_EQ(shared->queues().count("other"), 0U);
  }
  EXPECT_THROW((RawPeer{Endpoint::tcp("127.0.0.1", port)}), std::system_error);
  expect_greeting(*shared);
}

TEST_F(PrivateBrokerOfTests, says_why_it_cannot_be_controlled) {
  try {
    shared->control({"no_such_word"});
    ADD_FAILURE() << "it can";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find("rabbitmqctl no_such_word fails with "), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace parley::interop::broker
