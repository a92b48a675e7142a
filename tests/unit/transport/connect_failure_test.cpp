#include "transport/connect_failure.hpp"

#include "transport/sentence.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

namespace parley::transport::detail {
namespace {

const auto refused = from_errno(ECONNREFUSED);
const auto unreachable = from_errno(ENETUNREACH);

TEST(ConnectFailure, an_address_the_endpoint_names_is_not_said_twice) {
  const std::vector<FailedAddress> failed{{"127.0.0.1:9", refused, ""}};
  EXPECT_EQ(verdict_on(failed, "tcp://127.0.0.1:9").why, "connection refused");
}

TEST(ConnectFailure, addresses_with_one_reason_are_listed_after_it) {
  const std::vector<FailedAddress> failed{{"127.0.0.1:9", refused, ""}, {"[::1]:9", refused, ""}};
  const Verdict verdict = verdict_on(failed, "tcp://localhost:9");
  EXPECT_EQ(verdict.code, refused);
  EXPECT_EQ(verdict.why, "connection refused (127.0.0.1:9, [::1]:9)");
}

TEST(ConnectFailure, different_reasons_are_given_for_each_address) {
  const std::vector<FailedAddress> failed{{"[2001:db8::1]:9", unreachable, ""}, {"192.0.2.1:9", refused, ""}};
  EXPECT_EQ(verdict_on(failed, "tcp://host:9").why,
            "[2001:db8::1]:9: network is unreachable; 192.0.2.1:9: connection refused");
}

TEST(ConnectFailure, the_code_is_of_an_address_that_could_be_reached) {
  const std::vector<FailedAddress> failed{{"192.0.2.1:9", refused, ""}, {"[2001:db8::1]:9", unreachable, ""}};
  EXPECT_EQ(verdict_on(failed, "tcp://host:9").code, refused);
  const std::vector<FailedAddress> hopeless{{"[2001:db8::1]:9", unreachable, ""}};
  EXPECT_EQ(verdict_on(hopeless, "tcp://host:9").code, unreachable);
}

TEST(ConnectFailure, says_which_option_could_not_be_set) {
  const std::vector<FailedAddress> failed{{"127.0.0.1:9", from_errno(ENOENT), "cannot set congestion_control: "}};
  EXPECT_EQ(verdict_on(failed, "tcp://127.0.0.1:9").why, "cannot set congestion_control: no such file or directory");
}

}  // namespace
}  // namespace parley::transport::detail
