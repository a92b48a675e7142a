// Requests over RabbitMQ by TLS.
#include "interop/amqp_meeting.hpp"
#include "support/certificates.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>

namespace parley::interop::amqp_tls {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class AmqpTls : public AmqpMeeting {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_.file(name)} << text;
    return folder_.file(name);
  }

  support::TemporaryFolder folder_;
};

TEST_F(AmqpTls, requests_are_answered_where_the_broker_is_trusted) {
  const support::Credentials identity = support::test_authority().issue({"localhost", {"DNS:localhost"}});
  const std::string authority = write("ca.pem", support::test_authority().certificate());
  support::PrivateBroker broker{
      {authority, write("broker.pem", identity.certificate), write("broker.key", identity.key)}};
  const std::string begin = "amqps://guest:guest@localhost:" + std::to_string(broker.tls_port()) + "/%2F?address=a";
  run([&]() -> asio::awaitable<void> {
    rpc::EndpointOptions trusting;
    trusting.tls(TlsContext::client(TlsOptions{}.ca_file(authority)));
    rpc::Routes routes;
    routes.on("twice", [](int value) { return 2 * value; });
    rpc::Server server{context_.get_executor(), std::move(routes)};
    const Endpoint at{begin};
    co_await server.bind(at, trusting);
    const Endpoint by_client{begin + "&client=panel-7"};
    rpc::Client client{context_.get_executor()};
    co_await client.connect(by_client, trusting, amqp_patience);
    const auto answer = co_await client.request<int>("twice", 21);
    EXPECT_EQ(answer, 42);

    const support::CertificateAuthority other{"another authority"};
    rpc::EndpointOptions distrusting;
    distrusting.tls(TlsContext::client(TlsOptions{}.ca_file(write("other.pem", other.certificate()))));
    rpc::Client stranger{context_.get_executor()};
    const Refusal refusal = co_await refusal_of(stranger.connect(by_client, distrusting, 2s));
    EXPECT_EQ(refusal.code, error::timed_out);
    EXPECT_THAT(refusal.sentence, HasSubstr("certificate"));

    co_await client.close(amqp_patience);
    co_await server.stop(amqp_patience);
  });
}

}  // namespace
}  // namespace parley::interop::amqp_tls
