// parley request and serve over RabbitMQ by TLS.
#include "interop/amqp_tool.hpp"
#include "support/certificates.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace parley::interop::amqp_tool {
namespace {

class AmqpToolTls : public AmqpMeeting {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_.file(name)} << text;
    return folder_.file(name);
  }

  support::TemporaryFolder folder_;
};

TEST_F(AmqpToolTls, requests_are_answered_where_the_broker_is_trusted) {
  const support::Credentials identity = support::test_authority().issue({"localhost", {"DNS:localhost"}});
  const support::CertificateAuthority other{"another authority"};
  const std::string authority = write("ca.pem", support::test_authority().certificate());
  const std::string stranger = write("other.pem", other.certificate());
  support::PrivateBroker broker{
      {authority, write("broker.pem", identity.certificate), write("broker.key", identity.key)}};
  const std::string port = std::to_string(broker.tls_port());
  const std::string by_name = "amqps://localhost:" + port + "?address=a";
  const std::string by_number = "amqps://127.0.0.1:" + port + "?address=a";

  support::ChildProcess server{tool({"serve", by_name, "--any", "cat", "--tls-ca", authority})};
  (void)server.error_line_with("listening on amqps://localhost:", amqp_patience);
  const auto ask = [](const std::string& at, const Words& trust) {
    Words arguments{"request", at + "&client=till-7", "--unnamed", "1"};
    arguments.insert(arguments.end(), trust.begin(), trust.end());
    return run_tool(arguments);
  };
  EXPECT_EQ(ask(by_name, {"--tls-ca", authority}).output, "1\n");
  EXPECT_EQ(ask(by_number, {"--tls-ca", authority, "--tls-server-name", "localhost"}).output, "1\n");
  EXPECT_EQ(ask(by_number, {"--tls-accept-any"}).output, "1\n");

  const support::ChildResult distrusting = ask(by_name, {"--tls-ca", stranger});
  EXPECT_EQ(distrusting.code, 5);
  EXPECT_THAT(distrusting.errors, ::testing::HasSubstr("certificate"));
  const support::ChildResult refused = run_tool({"serve", by_number, "--any", "cat", "--tls-ca", authority});
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.errors, ::testing::HasSubstr("certificate"));
}

}  // namespace
}  // namespace parley::interop::amqp_tool
