// parley-agent and WebSocket peers (docs/protocols/aiomsg.md section 6): Python's `websockets`, and raw ones.
#include "interop/agent.hpp"
#include "support/aiomsg_frames.hpp"
#include "support/raw_peer.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace parley::interop {
namespace {

using namespace support;
using namespace std::string_literals;
using test::from_hex;

// --- Python's websockets ---------------------------------------------------------------------------------------------

/// What the agent binds.
class AiomsgWebsockets : public testing::TestWithParam<std::string> {
 protected:
  static ChildResult python(const std::string& task, const Endpoint& at) {
    const bool has_tls = at.scheme() == Scheme::tls || at.scheme() == Scheme::wss;
    const bool has_path = at.scheme() == Scheme::ws || at.scheme() == Scheme::wss;
    const std::string where = (has_tls ? "wss://" : "ws://") + std::string{at.host()} + ":" +
                              std::to_string(at.port()) + (has_path ? "/" : "/any/path?x=1");
    // Debian's own Python, which its packages are for; another may stand before it in the path.
    ChildProcess program{Words{"/usr/bin/python3", PARLEY_SOURCE_DIR "/tests/interop/python/aiomsg_web_socket_peer.py",
                               task, where, "--tls-ca", agent_certificates().authority()}};
    return program.wait();
  }
};

TEST_P(AiomsgWebsockets, sink_gets_all_in_order) {
  for (const Words& mode : {Words{"publish", "at-most-once"}, Words{"roundrobin", "at-least-once"}}) {
    SCOPED_TRACE(mode[0]);
    Agent source{
        GetParam(), "", {"--behavior", "source", "--send-mode", mode[0], "--delivery", mode[1], "--linger", "60"}};
    const ChildResult sink = python("sink", source.bound());
    EXPECT_EQ(sink.output, numbered_lines(10));
    EXPECT_EQ(sink.code, 0) << sink.errors;
  }
}

TEST_P(AiomsgWebsockets, source_is_printed_and_acknowledged) {
  Agent sink{GetParam(), "", {"--behavior", "sink"}};
  const ChildResult source = python("source", sink.bound());
  EXPECT_EQ(source.code, 0) << source.errors;
  const ChildResult printed = sink.wait();
  EXPECT_EQ(printed.output, numbered_lines(10));
  EXPECT_EQ(printed.code, 0) << printed.errors;
}

Words web_socket_ports() {
  Words all = agent_transports();
  std::erase(all, "unix");
  return all;
}

INSTANTIATE_TEST_SUITE_P(At, AiomsgWebsockets, testing::ValuesIn(web_socket_ports()),
                         [](const auto& p) { return p.param; });

// --- raw clients -----------------------------------------------------------------------------------------------------

std::string request(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: x\r\n" + fields + "\r\n";
}

const std::string upgrade_fields =
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

const std::string switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A client's binary message, short, by a mask of zeros.
std::string masked(const std::string& payload) {
  return std::string{'\x82', static_cast<char>(0x80 | payload.size())} + "\0\0\0\0"s + payload;
}
/// A server's.
std::string unmasked(const std::string& payload) {
  return std::string{'\x82', static_cast<char>(payload.size())} + payload;
}

const std::string agent_hello = aiomsg_hello(agent_identity);

/// A new one each time.
std::string fresh_hello() {
  static int count = 0;
  std::string identity = "web peer " + std::to_string(++count);
  identity.resize(16, '.');
  return aiomsg_hello(identity);
}

enum class Afterwards { goes_on, ends };

/// Behind upgrade and greeting, as hexadecimal digits; the agent sends back what it gets.
struct Frames {
  const char* name;
  const char* sent;
  const char* answer;
  Afterwards then;
};

std::ostream& operator<<(std::ostream& out, const Frames& frames) { return out << frames.sent; }

const std::string ping_of_126 = "89fe007e00000000" + std::string(252, '0');

const Frames all_frames[] = {
    {"message", "8286 00000000 00000002 03 aa", "82 06 00000002 03 aa", Afterwards::goes_on},
    {"message_with_a_mask", "8286 01020304 01020306 02 a8", "82 06 00000002 03 aa", Afterwards::goes_on},
    {"message_of_no_bytes", "8280 00000000 8286 00000000 00000002 03 aa", "82 06 00000002 03 aa", Afterwards::goes_on},
    {"ping_empty", "8980 00000000", "8a00", Afterwards::goes_on},
    {"ping", "8983 00000000 616263", "8a03616263", Afterwards::goes_on},
    {"pong_nobody_asked_for", "8a83 00000000 616263 8980 00000000", "8a00", Afterwards::goes_on},
    {"fragments", "0283 00000000 000000 0083 00000000 0203aa 8080 00000000", "82 06 00000002 03 aa",
     Afterwards::goes_on},
    {"fragments_with_a_ping_between", "0283 00000000 000000 8981 00000000 70 8083 00000000 0203aa",
     "8a01 70 82 06 00000002 03 aa", Afterwards::goes_on},
    {"a_frame_over_two_messages", "8283 00000000 000000 8283 00000000 0203aa", "82 06 00000002 03 aa",
     Afterwards::goes_on},
    {"close_1001", "8882 00000000 03e9", "880203e9", Afterwards::ends},
    {"close_1000", "8882 00000000 03e8", "880203e8", Afterwards::ends},
    {"close_with_an_applications_code", "8885 00000000 0fa0 627965", "88020fa0", Afterwards::ends},
    {"close_without_a_code", "8880 00000000", "880203e8", Afterwards::ends},
    {"close_with_half_a_code", "8881 00000000 03", "880203ea", Afterwards::ends},
    {"close_with_a_code_that_is_never_sent", "8882 00000000 03ed", "880203ea", Afterwards::ends},
    {"text", "8182 00000000 6869", "880203eb", Afterwards::ends},
    {"unmasked", "8206 00000002 03 aa", "880203ea", Afterwards::ends},
    {"reserved_bit", "c280 00000000", "880203ea", Afterwards::ends},
    {"unknown_opcode", "8380 00000000", "880203ea", Afterwards::ends},
    {"unknown_control_opcode", "8b80 00000000", "880203ea", Afterwards::ends},
    {"fragmented_ping", "0980 00000000", "880203ea", Afterwards::ends},
    {"size_with_the_top_bit", "82ff 8000000000000000 00000000", "880203ea", Afterwards::ends},
    {"nothing_to_continue", "8080 00000000", "880203ea", Afterwards::ends},
    {"ping_of_126_bytes", ping_of_126.c_str(), "880203ea", Afterwards::ends},
};

class AiomsgWebSocketFrames : public testing::TestWithParam<std::tuple<std::string, Frames>> {
 protected:
  static void SetUpTestSuite() {
    for (const std::string transport : {"tcp", "ws"}) {
      agents.push_back(std::make_unique<Agent>(
          transport, "", Words{"--behavior", "echo", "--count", "1000000", "--identity", agent_identity_text}));
      const Endpoint bound = agents.back()->bound();
      ports.push_back(Endpoint::tcp(bound.host(), bound.port()));
    }
    bystander = std::make_unique<RawPeer>(ports[0]);
    bystander->write(fresh_hello());
    EXPECT_EQ(bystander->read(agent_hello.size()), agent_hello);
  }
  static void TearDownTestSuite() {
    bystander.reset();
    agents.clear();
    ports.clear();
  }

  [[nodiscard]] static const Endpoint& at() { return ports[std::get<0>(GetParam()) == "ws" ? 1 : 0]; }
  [[nodiscard]] static const Frames& frames() { return std::get<1>(GetParam()); }

  static void expect_answer(RawPeer& peer) {
    const std::string answer = from_hex(frames().answer);
    if (frames().then == Afterwards::ends) {
      EXPECT_EQ(peer.read_to_end(), answer);
    } else {
      EXPECT_EQ(peer.read(answer.size()), answer);
    }
    bystander->write(aiomsg_data("still here"));
    const std::string back = aiomsg_data("still here");
    EXPECT_EQ(bystander->read(back.size()), back);
  }

  static inline std::vector<std::unique_ptr<Agent>> agents;
  static inline std::vector<Endpoint> ports;
  static inline std::unique_ptr<RawPeer> bystander;
};

TEST_P(AiomsgWebSocketFrames, are_answered_as_they_should_be) {
  RawPeer peer{at()};
  peer.write(request(upgrade_fields));
  EXPECT_EQ(peer.read(switching.size()), switching);
  peer.write(masked(fresh_hello()));
  EXPECT_EQ(peer.read(2 + agent_hello.size()), unmasked(agent_hello));
  peer.write(from_hex(frames().sent));
  expect_answer(peer);
}

TEST_P(AiomsgWebSocketFrames, may_end_it_in_one_write_with_the_request_and_the_greeting) {
  if (frames().then == Afterwards::goes_on) return;
  RawPeer peer{at()};
  peer.write(request(upgrade_fields) + masked(fresh_hello()) + from_hex(frames().sent));
  EXPECT_EQ(peer.read(switching.size()), switching);
  // Whether this side has greeted before it sees the rest is a matter of timing.
  const std::string rest = peer.read_to_end();
  EXPECT_TRUE(rest == from_hex(frames().answer) || rest == unmasked(agent_hello) + from_hex(frames().answer));
}

TEST_P(AiomsgWebSocketFrames, may_come_byte_by_byte) {
  RawPeer peer{at()};
  peer.write_apart(request(upgrade_fields) + masked(fresh_hello()));
  EXPECT_EQ(peer.read(switching.size()), switching);
  EXPECT_EQ(peer.read(2 + agent_hello.size()), unmasked(agent_hello));
  peer.write_apart(from_hex(frames().sent));
  expect_answer(peer);
}

INSTANTIATE_TEST_SUITE_P(At, AiomsgWebSocketFrames,
                         testing::Combine(testing::Values("tcp", "ws"), testing::ValuesIn(all_frames)),
                         [](const auto& p) { return std::get<0>(p.param) + "_" + std::get<1>(p.param).name; });

// --- requests --------------------------------------------------------------------------------------------------------

struct Refusal {
  const char* name;
  std::string request;
  std::string status;
};

const std::string without_version =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

class AiomsgWebSocketRequests : public testing::TestWithParam<Refusal> {};

TEST_P(AiomsgWebSocketRequests, that_are_none_are_refused) {
  Agent sink{"tcp", "", {}};
  RawPeer peer{sink.bound()};
  peer.write(GetParam().request);
  const std::string answer = peer.read_to_end();
  EXPECT_EQ(answer.substr(0, answer.find("\r\n")), GetParam().status);
  if (GetParam().status.starts_with("HTTP/1.1 426")) {
    EXPECT_NE(answer.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos) << answer;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, AiomsgWebSocketRequests,
    testing::Values(Refusal{"version_8", request(without_version + "Sec-WebSocket-Version: 8\r\n"),
                            "HTTP/1.1 426 Upgrade Required"},
                    Refusal{"no_version", request(without_version), "HTTP/1.1 426 Upgrade Required"},
                    Refusal{"no_key",
                            request("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"),
                            "HTTP/1.1 400 Bad Request"},
                    Refusal{"key_of_15_bytes",
                            request("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n"),
                            "HTTP/1.1 400 Bad Request"},
                    Refusal{"plain_get", request(""), "HTTP/1.1 400 Bad Request"},
                    Refusal{"no_connection_field", request("Upgrade: websocket\r\n"), "HTTP/1.1 400 Bad Request"},
                    Refusal{"another_method", request(upgrade_fields, "GETS / HTTP/1.1"), "HTTP/1.1 400 Bad Request"},
                    Refusal{"another_protocol", request(upgrade_fields, "GET / SSH/2.0"), "HTTP/1.1 400 Bad Request"},
                    Refusal{"no_http", "GARBAGE\r\n\r\n", "HTTP/1.1 400 Bad Request"}),
    [](const auto& p) { return p.param.name; });

TEST(AiomsgWebSocketRequest, may_name_any_path_and_no_host) {
  for (const std::string line : {"GET /any/path?x=1 HTTP/1.1", "GET / HTTP/1.0"}) {
    Agent sink{"tcp", "", {"--count", "1"}};
    RawPeer peer{sink.bound()};
    peer.write(line + "\r\n" + upgrade_fields + "\r\n" + masked(fresh_hello()) + masked(aiomsg_data("m0")));
    EXPECT_EQ(peer.read(switching.size()), switching);
    const ChildResult printed = sink.wait();
    EXPECT_EQ(printed.output, "m0\n") << printed.errors;
  }
}

/// The byte stream in a server's messages.
class Unwrapped {
 public:
  explicit Unwrapped(RawPeer& peer) : peer_{peer} {}
  std::string read(std::size_t size) {
    while (unread_.size() - begin_ < size) read_message();
    begin_ += size;
    return unread_.substr(begin_ - size, size);
  }

 private:
  void read_message() {
    const std::string header = peer_.read(2);
    std::uint64_t size = static_cast<unsigned char>(header[1]);
    if (size >= 126) {
      const std::string longer = peer_.read(size == 126 ? 2 : 8);
      size = 0;
      for (const char each : longer) size = size << 8 | static_cast<unsigned char>(each);
    }
    unread_.erase(0, std::exchange(begin_, 0));
    unread_ += peer_.read(static_cast<std::size_t>(size));
  }

  RawPeer& peer_;
  std::string unread_;
  std::size_t begin_ = 0;  // before it: taken
};

TEST(AiomsgWebSocketRequest, may_come_with_greeting_and_messages_in_one_write) {
  Agent echo{"tcp", "", {"--behavior", "echo", "--identity", agent_identity_text}};
  RawPeer peer{echo.bound()};
  peer.write(request(upgrade_fields) + masked(fresh_hello()) + masked(aiomsg_numbered_data(10)));
  EXPECT_EQ(peer.read(switching.size()), switching);
  const std::string answer = agent_hello + aiomsg_numbered_data(10);
  EXPECT_EQ(Unwrapped{peer}.read(answer.size()), answer);
}

// --- both kinds on one port ------------------------------------------------------------------------------------------

/// Whether nothing but messages comes, up to this one.
template <class From>
bool reads_up_to(From& from, const std::string& last) {
  for (;;) {
    const std::string length = from.read(4);
    std::size_t size = 0;
    for (const char each : length) size = size << 8 | static_cast<unsigned char>(each);
    const std::string envelope = from.read(size);
    if (envelope == "\2") continue;
    if (envelope.front() != '\3') return false;
    if (envelope.substr(1) == last) return true;
  }
}

TEST(AiomsgOnePort, publishes_to_raw_and_web_socket_peers_together) {
  // So much that the source is still at it when the second peer comes, as the first does not read until then.
  const std::string prefix(1000, 'x');
  Agent source{"tcp", "", {"--behavior", "source", "--send-mode", "publish", "--count", "40000", "--prefix", prefix}};
  const Endpoint at = source.bound();
  RawPeer raw{at};
  raw.write(fresh_hello());
  static_cast<void>(raw.read(agent_hello.size()));
  RawPeer web{at};
  web.write(request(upgrade_fields) + masked(fresh_hello()));
  EXPECT_EQ(web.read(switching.size()), switching);
  Unwrapped unwrapped{web};
  static_cast<void>(unwrapped.read(agent_hello.size()));
  std::thread reading{[&] { EXPECT_TRUE(reads_up_to(raw, prefix + "39999")); }};
  EXPECT_TRUE(reads_up_to(unwrapped, prefix + "39999"));
  reading.join();
}

}  // namespace
}  // namespace parley::interop
