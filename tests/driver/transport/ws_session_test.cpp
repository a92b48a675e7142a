// The WebSocket layer against a peer made of strings: pings to a silent one, which need no clock here; requests and
// closing codes.
#include "transport/ws/session.hpp"

#include <parley/error.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

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

const std::string request =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

class WsHeartbeat : public ::testing::Test {
 protected:
  WsHeartbeat() {
    client.coming = request;
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

// --- strangers and tormentors ----------------------------------------------------------------------------------------

TEST(WsUpgrade, knows_a_stranger_by_its_first_bytes_however_many_come_at_once) {
  for (const std::size_t size : {std::size_t{4}, std::size_t{400}, std::size_t{10'000}}) {
    Client client;
    client.coming = std::string(size, '\x16');
    error_code ec;
    const auto session = make_ws_server({"/", {}}, WsOptions{}, client);
    session->handshake(ec);
    EXPECT_EQ(ec, error::handshake_failed) << size;
    EXPECT_TRUE(session->explain().starts_with("the client does not speak HTTP; it began with ")) << session->explain();
  }
}

TEST(WsUpgrade, takes_a_request_that_comes_a_byte_at_a_time) {
  Client client;
  error_code ec;
  const auto session = make_ws_server({"/", {}}, WsOptions{}, client);
  std::string with_much_in_it = request;
  with_much_in_it.insert(request.size() - 2, "Cookie: " + std::string(2000, 'c') + "\r\n");
  for (std::size_t i = 0; i < with_much_in_it.size(); ++i) {
    client.coming = with_much_in_it[i];
    session->handshake(ec);
    const bool is_last = i + 1 == with_much_in_it.size();
    ASSERT_EQ(ec, is_last ? error_code{} : error_code{asio::error::would_block}) << i << session->explain();
  }
}

TEST_F(WsHeartbeat, a_peer_whose_frames_carry_nothing_does_not_keep_the_reader_for_itself) {
  client.coming.clear();
  while (client.coming.size() < (1U << 20)) client.coming += frame(0x8a, "");
  const std::size_t all = client.coming.size();
  EXPECT_EQ(read(), "");
  EXPECT_FALSE(ec) << "there is more to look at";
  EXPECT_GT(client.coming.size(), all / 2);
  client.coming += frame(0x82, "news");
  std::string news;
  for (int i = 0; i < 100 && news.empty(); ++i) news = read(4);
  EXPECT_EQ(news, "news");
}

TEST_F(WsHeartbeat, a_code_that_no_close_frame_may_have_breaks_the_protocol) {
  client.coming = frame(0x88, "\x03\xed");  // 1005
  EXPECT_EQ(read(), "");
  EXPECT_EQ(ec, error::malformed);
  EXPECT_EQ(session->explain(), "the client closed the WebSocket with code 1005, which must not be sent");
  EXPECT_EQ(client.sent, "\x88\x02\x03\xea") << "1002";
}

// --- requests where any path will do ---------------------------------------------------------------------------------

const std::string fields =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

/// The first line of the answer.
std::string status_of(const std::string& asked) {
  Client client;
  client.coming = asked;
  const auto session = make_ws_server({{}, {}}, WsOptions{}, client);
  error_code ec;
  session->handshake(ec);
  EXPECT_EQ(!ec, client.sent.starts_with("HTTP/1.1 101 ")) << session->explain();
  return client.sent.substr(0, client.sent.find("\r\n"));
}

TEST(WsServerOfAnyPath, cares_neither_for_path_nor_host_nor_minor_version) {
  const std::string good = "HTTP/1.1 101 Switching Protocols";
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"), good);
  EXPECT_EQ(status_of("GET /any/path?x=1 HTTP/1.1\r\n" + fields + "\r\n"), good);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n" + fields + "\r\n"), good);
}

TEST(WsServerOfAnyPath, answers_426_to_another_version_and_400_to_all_else) {
  const std::string bad = "HTTP/1.1 400 Bad Request";
  std::string version_8 = fields;
  version_8.replace(version_8.find("13"), 2, "8");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + version_8 + "\r\n"), "HTTP/1.1 426 Upgrade Required");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), bad);
  EXPECT_EQ(status_of("GOT / HTTP/1.1\r\n" + fields + "\r\n"), bad);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nno colon\r\n\r\n"), bad);
  EXPECT_EQ(status_of("GARBAGE\r\n\r\n"), bad);
}

TEST(WsServerOfAnyPath, wants_a_key_of_16_bytes) {
  for (const std::string key : {"", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25jZ!=="}) {
    std::string with_key = fields;
    with_key.replace(with_key.find("dGhl"), 24, key);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + with_key + "\r\n"), "HTTP/1.1 400 Bad Request") << key;
  }
}

// --- closing codes ---------------------------------------------------------------------------------------------------

/// What a server answers to a close frame with this payload, and what its owner is told.
std::pair<std::string, error_code> answer_to_close(const std::string& payload) {
  Client client;
  client.coming = "GET / HTTP/1.1\r\n" + fields + "\r\n" + frame(0x88, payload);
  const auto session = make_ws_server({{}, {}}, WsOptions{}, client);
  error_code ec;
  session->handshake(ec);
  client.sent.clear();
  std::array<std::byte, 10> room{};
  session->read(room, ec);
  return {client.sent, ec};
}

TEST(WsClosing, is_answered_by_the_same_code) {
  const error_code eof = asio::error::eof;
  EXPECT_EQ(answer_to_close(""), std::pair("\x88\x02\x03\xe8"s, eof));
  EXPECT_EQ(answer_to_close("\x03\xe8"), std::pair("\x88\x02\x03\xe8"s, eof));
  EXPECT_EQ(answer_to_close("\x03\xe9going"), std::pair("\x88\x02\x03\xe9"s, eof));
  EXPECT_EQ(answer_to_close("\x0f\xa0"), std::pair("\x88\x02\x0f\xa0"s, error_code{error::refused_by_peer}));
}

TEST(WsClosing, with_a_code_that_is_never_sent_breaks_the_protocol) {
  for (const std::string& code :
       {"\x03\xe7"s, "\x03\xec"s, "\x03\xed"s, "\x03\xee"s, "\x03\xf7"s, "\x13\x88"s, "\0\0"s, "\x03"s}) {
    EXPECT_EQ(answer_to_close(code), std::pair("\x88\x02\x03\xea"s, error_code{error::malformed}));
  }
}

TEST(WsClosing, for_a_reason_that_is_not_utf8_breaks_the_protocol) {
  for (const std::string& reason :
       {"\xff"s, "bye \xc3"s, "\xed\xa0\x80"s, "\xc0\xaf"s, std::string(122, 'x') + "\xe2"}) {
    for (const std::string& code : {"\x03\xe8"s, "\x03\xf0"s}) {  // a clean end, and one for a reason
      EXPECT_EQ(answer_to_close(code + reason), std::pair("\x88\x02\x03\xef"s, error_code{error::malformed})) << "1007";
    }
  }
}

TEST(WsClosing, with_a_wrong_code_is_answered_by_1002_whatever_the_reason) {
  EXPECT_EQ(answer_to_close("\x03\xed\xff"), std::pair("\x88\x02\x03\xea"s, error_code{error::malformed}));
}

TEST(WsClosing, for_a_reason_in_any_language_is_understood) {
  EXPECT_EQ(answer_to_close("\x03\xe8tschüß, 再见 😀"), std::pair("\x88\x02\x03\xe8"s, error_code{asio::error::eof}));
}

}  // namespace
}  // namespace parley::transport
