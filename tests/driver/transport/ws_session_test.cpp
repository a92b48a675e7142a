// The WebSocket layer against a peer made of strings: pings to a silent one, which need no clock here.
#include "transport/ws/session.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace parley::transport {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;
using namespace std::string_literals;

/// What the session sends is in `sent`; what it is to receive is put into `coming`.
class Client final : public Below {
 public:
  std::size_t take(std::span<std::byte> room, error_code& ec) override {
    ec = {};
    if (coming.empty()) ec = has_ended ? error_code{asio::error::eof} : error_code{asio::error::would_block};
    const std::size_t size = std::min(room.size(), coming.size());
    std::memcpy(room.data(), coming.data(), size);
    coming.erase(0, size);
    return size;
  }
  void give(std::span<const std::byte> bytes) override {
    sent.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  [[nodiscard]] bool is_congested() const override { return congested; }

  std::string coming;
  std::string sent;
  bool has_ended = false;
  bool congested = false;
};

const std::string ping = "\x89\0"s;

/// A frame as clients send it, by a mask of zeros.
std::string frame(unsigned first, const std::string& payload) {
  return std::string{static_cast<char>(first), static_cast<char>(0x80 | payload.size())} + "\0\0\0\0"s + payload;
}

class WsHeartbeat : public ::testing::Test {
 protected:
  WsHeartbeat() {
    client.coming =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    session->handshake(ec);
    EXPECT_FALSE(ec) << session->explain();
    client.sent.clear();
    session->heartbeat(ec);  // its request was a sign of life
  }

  /// What the session sends at the next heartbeat.
  std::string beat() {
    client.sent.clear();
    session->heartbeat(ec);
    return client.sent;
  }
  std::string read(std::size_t room_size = 1000) {
    std::string room(room_size, '\0');
    room.resize(session->read(std::as_writable_bytes(std::span{room}), ec));
    return room;
  }

  Client client;
  std::unique_ptr<Layer> session = make_ws_server({"/", {}}, WsOptions{}.ping_interval(30s), client);
  error_code ec;
};

TEST_F(WsHeartbeat, has_the_interval_of_the_options) {
  EXPECT_EQ(session->heartbeat_interval(), 30s);
  EXPECT_EQ(make_ws_server({"/", {}}, WsOptions{}, client)->heartbeat_interval(), 0s) << "off by default";
}

TEST_F(WsHeartbeat, asks_a_silent_peer_once_and_gives_it_up_at_the_next) {
  EXPECT_EQ(beat(), ping);
  EXPECT_FALSE(ec);
  EXPECT_EQ(beat(), "");
  EXPECT_EQ(ec, asio::error::timed_out);
  EXPECT_EQ(session->explain(), "the client has not answered a ping within 30000 ms");
  EXPECT_EQ(read(), "");
  EXPECT_EQ(ec, asio::error::timed_out);
}

TEST_F(WsHeartbeat, takes_a_pong_for_an_answer) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(beat(), ping);
    client.coming = frame(0x8a, "");
    EXPECT_EQ(read(), "");
    EXPECT_EQ(ec, asio::error::would_block);
    EXPECT_EQ(beat(), "");
    EXPECT_FALSE(ec);
  }
}

TEST_F(WsHeartbeat, takes_any_message_for_an_answer) {
  EXPECT_EQ(beat(), ping);
  client.coming = frame(0x82, "news");
  EXPECT_EQ(read(), "news");
  EXPECT_EQ(beat(), "");
  EXPECT_FALSE(ec);
  EXPECT_EQ(beat(), ping);
}

TEST_F(WsHeartbeat, finds_an_answer_that_its_owner_has_not_read) {
  EXPECT_EQ(beat(), ping);
  client.coming = frame(0x82, "news") + frame(0x8a, "");
  beat();
  EXPECT_FALSE(ec);
  EXPECT_EQ(read(), "news") << "and leaves it for the owner";
}

TEST_F(WsHeartbeat, does_not_give_up_a_peer_whose_messages_nobody_reads) {
  client.coming = "\x82\xff\0\0\0\0\0\x10\0\0"s;  // a mebibyte
  client.coming.append(4 + (1 << 20), '\0');      // its mask, and all of it
  read(1);
  for (int i = 0; i < 10; ++i) {
    beat();
    EXPECT_FALSE(ec);
  }
}

TEST_F(WsHeartbeat, leaves_the_end_of_the_stream_to_reading) {
  EXPECT_EQ(beat(), ping);
  client.coming = frame(0x82, "last");
  client.has_ended = true;
  beat();
  beat();
  EXPECT_EQ(read(4), "last");
  EXPECT_EQ(read(), "");
  EXPECT_EQ(ec, error::truncated);
}

TEST_F(WsHeartbeat, does_not_ask_while_earlier_bytes_have_not_left) {
  client.congested = true;
  EXPECT_EQ(beat(), "");
  EXPECT_EQ(beat(), "");
  EXPECT_FALSE(ec);
  client.congested = false;
  EXPECT_EQ(beat(), ping);
}

}  // namespace
}  // namespace parley::transport
