#include <parley/rpc/connector_state.hpp>

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace parley::test::connector_state_tests {
namespace {

using rpc::endpoint_of_state;
using rpc::state_of_endpoint;

std::string rejection_of(std::string_view text) {
  try {
    return "none, but " + endpoint_of_state(text).to_string();
  } catch (const Error& rejected) {
    EXPECT_EQ(rejected.code(), error::payload_rejected);
    return rejected.what();
  }
}

std::string refusal_of(const Endpoint& endpoint) {
  try {
    return "none, but " + state_of_endpoint(endpoint);
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
}

TEST(ConnectorState, of_tcp_is_what_the_original_writes) {
  const std::string text = R"({"type": "TcpConnector", "host": "127.0.0.1", "port": 7500, "ssl": false})";
  EXPECT_EQ(endpoint_of_state(text), "tcp://127.0.0.1:7500");
  EXPECT_EQ(state_of_endpoint("tcp://127.0.0.1:7500"), text);
}

TEST(ConnectorState, with_ssl_is_tls) {
  const std::string text = R"({"type": "TcpConnector", "host": "::1", "port": 7500, "ssl": true})";
  EXPECT_EQ(endpoint_of_state(text), "tls://[::1]:7500");
  EXPECT_EQ(state_of_endpoint("tls://[::1]:7500"), text);
}

TEST(ConnectorState, of_a_local_name_is_what_the_original_writes) {
  const std::string text = R"({"type": "LocalConnector", "name": "myapp"})";
  EXPECT_EQ(endpoint_of_state(text), "local://myapp");
  EXPECT_EQ(state_of_endpoint("local://myapp"), text);
  EXPECT_EQ(endpoint_of_state(R"({"name":"My \"App\"","type":"LocalConnector"})").local_name(), "my \"app\"");
  EXPECT_EQ(state_of_endpoint(Endpoint::local("my \"app\"")), R"({"type": "LocalConnector", "name": "my \"app\""})");
}

TEST(ConnectorState, may_have_more_in_it) {
  EXPECT_EQ(endpoint_of_state(R"({"v":[1,{}],"ssl":false,"port":1,"host":"A.example","type":"TcpConnector"})"),
            "tcp://a.example:1");
}

TEST(ConnectorState, that_is_none_is_rejected_with_the_place) {
  EXPECT_EQ(rejection_of(R"({"type": "RmqConnector", "url": "amqp://h"})"),
            "the state of a connector: $.type: \"RmqConnector\" is none of TcpConnector, LocalConnector");
  EXPECT_EQ(rejection_of(R"({"type": "tcp\u001b[2J"})"),
            "the state of a connector: $.type: \"tcp?[2J\" is none of TcpConnector, LocalConnector");
  EXPECT_EQ(
      rejection_of("{\"type\": \"" + std::string(1000, 'x') + "\"}"),
      "the state of a connector: $.type: \"" + std::string(64, 'x') + "...\" is none of TcpConnector, LocalConnector");
  EXPECT_EQ(rejection_of(R"({"host": "h", "port": 1, "ssl": false})"), "the state of a connector: $.type: missing");
  EXPECT_EQ(rejection_of(R"({"type": "TcpConnector", "host": "h", "port": 65536, "ssl": false})"),
            "the state of a connector: $.port: 65536 is out of range (0 to 65535)");
  EXPECT_EQ(rejection_of(R"({"type": "TcpConnector", "host": "h", "port": 1})"),
            "the state of a connector: $.ssl: missing");
  EXPECT_EQ(rejection_of(R"({"type": "LocalConnector", "name": 5})"),
            "the state of a connector: $.name: expected a string, found integer 5");
  EXPECT_EQ(rejection_of(""), "the state of a connector: $: the payload is empty");
  EXPECT_EQ(rejection_of("[]"), "the state of a connector: $: expected an object, found an array");
  EXPECT_EQ(rejection_of(std::string(16 * 1024 + 1, ' ')),
            "the state of a connector: it has 16385 bytes; at most 16384 are possible");
}

TEST(ConnectorState, that_can_be_no_endpoint_is_rejected_with_the_reason) {
  EXPECT_EQ(rejection_of(R"({"type": "TcpConnector", "host": "a b", "port": 1, "ssl": false})"),
            "the state of a connector: endpoint \"tcp://a%20b:1\": this character cannot be in a host name, which has "
            "letters, digits and -._ (at character 7)");
  EXPECT_EQ(rejection_of(R"({"type": "TcpConnector", "host": "", "port": 1, "ssl": true})"),
            "the state of a connector: endpoint \"tcp://:1\": the host is missing; to bind every address it is * (at "
            "character 6)");
  EXPECT_EQ(
      rejection_of(R"({"type": "LocalConnector", "name": "../etc/x"})"),
      "the state of a connector: endpoint \"local://..%2Fetc%2Fx\": a local name has no '/', since it becomes the "
      "name of a file (at character 10)");
  EXPECT_EQ(rejection_of(R"({"type": "LocalConnector", "name": "a\u0000b"})"),
            "the state of a connector: endpoint \"local://a%00b\": a NUL byte cannot be in an endpoint (at character "
            "9)");
}

TEST(ConnectorState, of_other_endpoints_there_is_none) {
  EXPECT_EQ(refusal_of("ws://h:1/"),
            "no connector of communica's stands for ws://h:1/: there are those of tcp, tls and local endpoints");
  EXPECT_EQ(refusal_of("tcp://*:7500"),
            "no connector of communica's stands for tcp://*:7500: it takes one address, and * is all of them");
  EXPECT_EQ(refusal_of("tls://h:1?a=b"),
            "no connector of communica's stands for tls://h:1?a=b: it has no place for parameters");
  EXPECT_TRUE(
      refusal_of("unix:///run/app.sock")
          .starts_with("no connector of communica's stands for unix:///run/app.sock: its sockets have the paths "
                       "of /"));
  EXPECT_NE(refusal_of("unix://@app").find("no connector"), std::string::npos);
}

}  // namespace
}  // namespace parley::test::connector_state_tests
