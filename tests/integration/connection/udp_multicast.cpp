// Groups of multicast and broadcast addresses, on the loopback.
#include "support/connection_results.hpp"
#include "support/socket_option.hpp"
#include "support/udp_test.hpp"
#include "transport/descriptor.hpp"
#include "transport/udp/multicast.hpp"
#include "transport/udp/udp_endpoint.hpp"

#include <boost/asio/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

namespace parley::datagrams {
namespace {

using support::Outcome;
using support::run_until;
using support::store;
using ::testing::HasSubstr;

class UdpMulticast : public support::UdpTest {
 protected:
  [[nodiscard]] std::string failure_of(const Endpoint& where) {
    try {
      const Listener listener{context, where};
    } catch (const Error& e) {
      return e.what();
    }
    return "it listens";
  }
  [[nodiscard]] Listener join(const Endpoint& group) { return Listener{context, group}; }
};

TEST_F(UdpMulticast, a_group_reaches_all_its_listeners_who_answer_the_sender_alone) {
  Listener a = join("udp://239.255.77.1:0?interface=lo");
  const Endpoint group = a.local_endpoint();
  EXPECT_EQ(group.parameter("interface"), "lo");
  Listener b = join(group);
  Connection sender = dial(group);
  EXPECT_EQ(sender.remote_endpoint(), Endpoint::udp("239.255.77.1", group.port()));
  EXPECT_FALSE(sender.try_send("to all"));
  Connection to_a = accept(a);
  Connection to_b = accept(b);
  EXPECT_EQ(receive(to_a).text(), "to all");
  EXPECT_EQ(receive(to_b).text(), "to all");
  EXPECT_EQ(to_a.remote_endpoint(), sender.local_endpoint());
}

TEST_F(UdpMulticast, an_interface_has_a_name_or_an_address) {
  Listener listener = join("udp://239.255.77.2:0?interface=127.0.0.1");
  Connection sender = dial(listener.local_endpoint());
  EXPECT_FALSE(sender.try_send("by address"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "by address");
  EXPECT_THAT(failure_of("udp://239.255.77.2:0?interface=no-such"),
              HasSubstr("cannot set the interface of multicast to \"no-such\": no such device"));
}

TEST_F(UdpMulticast, how_far_and_whether_to_this_machine_is_the_sockets) {
  const transport::Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  UdpOptions options;
  options.multicast_ttl(7).multicast_loop(false).multicast_interface("lo");
  EXPECT_FALSE(transport::apply_multicast_sending(socket.get(), AF_INET, options).code);
  EXPECT_EQ(support::option_of(socket.get(), IPPROTO_IP, IP_MULTICAST_TTL), 7);
  EXPECT_EQ(support::option_of(socket.get(), IPPROTO_IP, IP_MULTICAST_LOOP), 0);
}

TEST_F(UdpMulticast, a_parameter_goes_before_an_option) {
  UdpOptions options;
  options.multicast_ttl(7);
  EXPECT_EQ(transport::udp_options_of("udp://239.255.77.3:1?ttl=3&loop=0", options).multicast_ttl(), 3);
  EXPECT_FALSE(transport::udp_options_of("udp://239.255.77.3:1?ttl=3&loop=0", options).multicast_loop());
  EXPECT_EQ(transport::udp_options_of("udp://239.255.77.3:1", options).multicast_ttl(), 7);
}

TEST_F(UdpMulticast, a_group_can_be_for_one_source) {
  Listener listener = join("udp://239.255.77.4:0?interface=127.0.0.1&source=127.0.0.1");
  Connection sender = dial(listener.local_endpoint());
  EXPECT_FALSE(sender.try_send("from there"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "from there");
  EXPECT_THAT(failure_of("udp://239.255.77.4:0?interface=lo&source=nobody"),
              HasSubstr("cannot set the source of multicast to \"nobody\""));
}

TEST_F(UdpMulticast, groups_of_ipv6_are_joined_likewise) {  // and sent to only where the system has a route to them
  const Listener listener = join("udp://[ff01::7701]:0?interface=lo");
  EXPECT_TRUE(listener.local_endpoint().host().starts_with("ff01::7701%"));  // the interface's number
}

TEST_F(UdpMulticast, an_address_of_its_own_is_for_one_listener) {
  const Listener listener{context, "udp://127.0.0.1:0"};
  EXPECT_THAT(failure_of(listener.local_endpoint()), HasSubstr("ddress already in use"));
}

TEST_F(UdpMulticast, a_broadcast_is_sent_when_it_is_asked_for) {
  Listener listener{context, "udp://0.0.0.0:0"};
  const std::string everybody = "udp://127.255.255.255:" + std::to_string(listener.local_endpoint().port());
  std::optional<Outcome<Connection>> out;
  connect(context.get_executor(), everybody, {}, store(out));
  ASSERT_TRUE(run_until(context, [&] { return out.has_value(); }));
  EXPECT_EQ(out->code, boost::asio::error::access_denied);
  Connection by_option = dial(everybody, ConnectOptions{}.udp(UdpOptions{}.broadcast(true)));
  EXPECT_FALSE(by_option.try_send("by option"));
  Connection first = accept(listener);
  EXPECT_EQ(receive(first).text(), "by option");
  Connection by_endpoint = dial(everybody + "?broadcast=1");
  EXPECT_FALSE(by_endpoint.try_send("by endpoint"));
  Connection second = accept(listener);
  EXPECT_EQ(receive(second).text(), "by endpoint");
}

}  // namespace
}  // namespace parley::datagrams
