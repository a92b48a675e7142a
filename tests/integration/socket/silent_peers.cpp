// What a Socket does about peers that say nothing, or stop in the middle: each has its limit in time.
#include <parley/socket/socket.hpp>

#include "support/aiomsg_frames.hpp"
#include "support/raw_peer.hpp"
#include "support/run_context.hpp"
#include "support/scheme_options.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace std::string_literals;
using support::RawPeer;

const std::string hello = support::aiomsg_hello("somebody else...");
const std::string upgrade =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const std::string half_hello_in_web_socket = "\x82\x8a\0\0\0\0"s + hello.substr(0, 10);

/// A bound socket that is hasty, on a thread of its own.
class SilentPeers : public ::testing::Test {
 protected:
  void listen(SocketOptions options, const EndpointOptions& how = {}, const Endpoint& where = "tcp://127.0.0.1:0") {
    socket_.emplace(context_.get_executor(), std::move(options));
    socket_->bind(where, how, [this](boost::system::error_code ec, const Endpoint& bound) {
      EXPECT_FALSE(ec);
      at_ = bound;
    });
    ASSERT_TRUE(support::run_until(context_, [this] { return at_.has_value(); }));
    running_ = std::thread{[this] { context_.run_for(2 * support::hang_bound); }};
  }
  void TearDown() override {
    socket_.reset();
    running_.join();
  }

  [[nodiscard]] const Endpoint& at() const { return *at_; }
  /// The next event, but for peers that come.
  SocketEvent next_event() {
    for (;;) {
      std::promise<SocketEvent> told;
      socket_->next_event(support::hang_bound, [&](boost::system::error_code ec, SocketEvent event) {
        EXPECT_FALSE(ec);
        told.set_value(std::move(event));
      });
      SocketEvent event = told.get_future().get();
      if (event.kind != SocketEvent::Kind::peer_up) return event;
    }
  }
  boost::system::error_code next_cause() { return next_event().cause; }
  Socket& socket() { return *socket_; }

 private:
  asio::io_context context_;
  std::optional<Socket> socket_;
  std::optional<Endpoint> at_;
  std::thread running_;
};

SocketOptions hasty_to_greet() {
  SocketOptions options;
  options.greeting_time_max = 100ms;
  return options;
}

/// One limit for looking, upgrade and greeting: that of the upgrade by itself does not matter.
TEST_F(SilentPeers, that_never_greet_are_turned_away) {
  TransportOptions transport;
  transport.handshake_time_max = 10min;
  listen(hasty_to_greet(), EndpointOptions{}.transport(transport));
  for (const std::string& begun : {""s, hello.substr(0, 1), hello.substr(0, 10), "G"s, upgrade.substr(0, 50), upgrade,
                                   upgrade + half_hello_in_web_socket}) {
    SCOPED_TRACE(begun);
    RawPeer peer{at()};
    peer.write(begun);
    const std::string answer = peer.read_to_end();
    EXPECT_EQ(answer.find("\x82"), std::string::npos) << "a greeting was answered that never came";
    EXPECT_EQ(next_cause(), error::timed_out);
  }
}

/// As many as there are places for upgrades, and more, begin one and are silent from then on.
TEST_F(SilentPeers, that_begin_an_upgrade_keep_nobody_out) {
  TransportOptions transport;
  transport.handshakes_max = 2;
  transport.handshake_time_max = 10min;
  SocketOptions options;
  options.greeting_time_max = 10min;
  listen(options, EndpointOptions{}.transport(transport));
  std::deque<RawPeer> strangers;
  for (int i = 0; i < 4; ++i) strangers.emplace_back(at()).write("G");
  RawPeer peer{at()};
  peer.write(hello);
  EXPECT_EQ(peer.read(hello.size()).size(), hello.size());

  // As few as had to, those who were silent longest.
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(strangers[i].read_to_end(), "");
    const SocketEvent refused = next_event();
    EXPECT_EQ(refused.cause, error::too_many_connections);
    EXPECT_EQ(refused.sentence, "the peer was silent while all 2 places for handshakes were taken (" +
                                    refused.endpoint->to_string() + ")");
  }
}

/// At endpoints of which those handshakes are a part, they are part of the time as well.
class SilentLayeredPeers : public SilentPeers, public ::testing::WithParamInterface<std::string> {};

TEST_P(SilentLayeredPeers, that_never_finish_their_handshake_are_turned_away) {
  TransportOptions transport = support::server_transport();
  transport.handshake_time_max = 10min;
  listen(hasty_to_greet(), EndpointOptions{}.transport(transport), Endpoint{GetParam() + "://127.0.0.1:0"});
  for (const std::string& begun : {""s, GetParam() == "ws" ? upgrade.substr(0, 50) : "\x16\3\1"s}) {
    SCOPED_TRACE(begun);
    RawPeer peer{at()};
    peer.write(begun);
    (void)peer.read_to_end();
    const SocketEvent refused = next_event();
    EXPECT_EQ(refused.cause, error::timed_out);
    EXPECT_NE(refused.sentence.find("(" + refused.endpoint->to_string() + ")"), std::string::npos) << refused.sentence;
  }
}

INSTANTIATE_TEST_SUITE_P(Schemes, SilentLayeredPeers, ::testing::ValuesIn(support::layered_schemes()));

TEST_F(SilentPeers, are_sent_heartbeats_and_then_cut_off) {
  SocketOptions options;
  options.heartbeat_interval = 50ms;
  options.silence_max = 400ms;
  listen(options);
  RawPeer peer{at()};
  peer.write(hello + "\0\0\0\5\3ab"s);  // stops inside a message
  std::string rest = peer.read_to_end().substr(hello.size());
  EXPECT_EQ(rest.size() % support::aiomsg_heartbeat().size(), 0U);
  EXPECT_GE(rest.size(), support::aiomsg_heartbeat().size());
  for (; !rest.empty(); rest.erase(0, support::aiomsg_heartbeat().size())) {
    EXPECT_TRUE(rest.starts_with(support::aiomsg_heartbeat()));
  }
  EXPECT_EQ(next_cause(), error::peer_silent);
}

/// Each of its bytes is a sign of life, whole frames or not.
TEST_F(SilentPeers, that_are_only_slow_stay) {
  SocketOptions options;
  options.heartbeat_interval = 20ms;
  options.silence_max = 1000ms;
  listen(options);
  RawPeer peer{at()};
  peer.write(hello);
  static_cast<void>(peer.read(hello.size()));
  const std::string frame = support::aiomsg_data(std::string(60, 's'));
  // A byte for each heartbeat: more than a second for the frame, if nobody is held up.
  for (const char each : frame) {
    EXPECT_EQ(peer.read(5), support::aiomsg_heartbeat());
    peer.write(std::string(1, each));
  }
  std::promise<std::string> received;
  socket().receive(support::hang_bound, [&](boost::system::error_code ec, const Received& message) {
    EXPECT_FALSE(ec);
    received.set_value(message.text());
  });
  EXPECT_EQ(received.get_future().get(), std::string(60, 's'));
}

/// Requests that fail take leave of their peers for a while; that must not keep the next ones out.
TEST_F(SilentPeers, behind_refused_requests_keep_nobody_out) {
  TransportOptions transport;
  transport.handshakes_max = 2;
  listen({}, EndpointOptions{}.transport(transport));
  std::vector<RawPeer> refused;
  for (int i = 0; i < 4; ++i) {
    refused.emplace_back(at());
    refused.back().write("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(refused.back().read(12), "HTTP/1.1 400");
  }
  RawPeer peer{at()};
  peer.write(hello);
  EXPECT_EQ(peer.read(6), "\0\0\0\x12\1\1"s);
}

}  // namespace
}  // namespace parley
