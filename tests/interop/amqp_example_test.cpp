// The example of requests over a broker, with a broker.
#include "interop/amqp_meeting.hpp"
#include "support/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#if PARLEY_HAS_EXAMPLES

namespace parley::interop::amqp_example {
namespace {

class AmqpExample : public AmqpMeeting {};

TEST_F(AmqpExample, needs_nothing_but_another_endpoint) {
  support::ChildProcess program{{PARLEY_BIN_DIR "/example_requests_over_a_broker", at().serialize()}};
  program.end_input();
  const support::ChildResult result = program.wait();
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, "connected by " + client_at("panel-7").to_string() + "\nkitchen: 21.5 degrees\n");
}

}  // namespace
}  // namespace parley::interop::amqp_example

#endif
