// Which sockets do without pacing.
#include "transport/descriptor.hpp"
#include "transport/socket_options.hpp"

#include "support/socket_option.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

namespace parley::transport {
namespace {

/// The congestion control of a new socket, and of one that was prepared for `host`.
struct Controls {
  std::string before;
  std::string after;
};

Controls controls_for(std::string_view host, const TransportOptions& options = {}) {
  const SocketAddress address = *literal_address(host, 80);
  const Descriptor socket{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string before = support::congestion_control_of(socket.get());
  spare_loopback(socket.get(), address, options);
  return {std::move(before), support::congestion_control_of(socket.get())};
}

TEST(SpareLoopback, takes_the_pacing_off_connections_of_this_machine_with_itself) {
  for (const char* host : {"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(controls_for(host).after, "reno") << host;
  }
}

TEST(SpareLoopback, leaves_others_to_the_system) {
  for (const char* host : {"192.0.2.1", "128.0.0.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    const Controls controls = controls_for(host);
    EXPECT_EQ(controls.after, controls.before) << host;
  }
}

TEST(SpareLoopback, leaves_those_alone_for_which_another_is_named) {
  TransportOptions options;
  options.congestion_control = "bbr";
  const Controls controls = controls_for("127.0.0.1", options);
  EXPECT_EQ(controls.after, controls.before);
}

}  // namespace
}  // namespace parley::transport
