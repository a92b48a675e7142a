#include "policy/rpc_conversation.hpp"

#include "support/bytes_of.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace parley::policy {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::bytes_of;
using test::from_hex;
using wire::CommunicaRole;
using Event = RpcConversation::Event;
using Lines = std::vector<std::string>;

constexpr TimePoint start{};

std::string line_of(const Event& event) {
  switch (event.kind) {
    case Event::Kind::none: return "none";
    case Event::Kind::greeted: return "greeted " + event.client_id;
    case Event::Kind::rejected: return "rejected: " + event.sentence;
    case Event::Kind::ended: return "ended";
    case Event::Kind::failed: return make_error_code(event.code).message() + ": " + event.sentence;
    case Event::Kind::message: break;
  }
  const bool is_long = event.data.size() > 100;
  return std::string{event.metadata_text} + ' ' + (is_long ? std::to_string(event.data.size()) : event.data.text());
}

/// One end, with what it has been told.
struct Side {
  explicit Side(CommunicaRole role, wire::CommunicaLimits limits = {})
      : conversation{{.role = role, .client_id = "cid-1", .limits = limits, .greeting_time_max = 10s}, in, out} {
    conversation.start(start);
  }

  Lines feed(std::string_view bytes, std::size_t piece = std::string_view::npos) {
    Lines lines;
    do {
      const std::string_view part = bytes.substr(0, piece);
      bytes.remove_prefix(part.size());
      for (std::string_view rest = part; !rest.empty();) {
        const std::span<std::byte> room = in.prepare(conversation.wanted_size());
        const std::size_t size = std::min(room.size(), rest.size());
        std::memcpy(room.data(), rest.data(), size);
        in.commit(size);
        rest.remove_prefix(size);
        read(lines);
      }
    } while (!bytes.empty());
    return lines;
  }
  Lines end() {
    conversation.stream_ended();
    Lines lines;
    read(lines);
    return lines;
  }
  /// What it has queued.
  std::string written() {
    std::string bytes;
    while (!out.empty()) {
      std::array<std::span<const std::byte>, 16> parts;
      const std::size_t count = out.gather(parts);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        bytes.append(reinterpret_cast<const char*>(parts[i].data()), parts[i].size());
        size += parts[i].size();
      }
      (void)out.consume(size);
    }
    return bytes;
  }

  detail::InBuffer in{64 * 1024};
  detail::OutQueue out;
  RpcConversation conversation;

 private:
  void read(Lines& lines) {
    for (;;) {
      const Event event = conversation.next_event();
      if (event.kind == Event::Kind::none) return;
      lines.push_back(line_of(event));
      if (event.kind == Event::Kind::greeted && accepts && !conversation.is_up()) conversation.accept();
    }
  }

 public:
  bool accepts = true;
};

struct Pair {
  Side client{CommunicaRole::client};
  Side server{CommunicaRole::server};
  Pair() {
    EXPECT_EQ(server.feed(client.written()), (Lines{"greeted cid-1"}));
    EXPECT_EQ(client.feed(server.written()), (Lines{"greeted "}));
  }
};

const std::string request = R"({"id": "65097e7ae4ca11f1a52102fc00000001", "type": 1})";
const std::string answer = R"({"id": "65097e7ae4ca11f1a52102fc00000001", "type": 11})";
const std::string client_greeting = from_hex("7b22636c69656e745f6964223a20226369642d31227d00");

TEST(RpcConversation, greets_with_the_bytes_of_the_original) {
  Side client{CommunicaRole::client};
  EXPECT_EQ(client.written(), client_greeting);
  Side server{CommunicaRole::server};
  EXPECT_EQ(server.written(), "") << "who may have to refuse";
  EXPECT_EQ(server.feed(client_greeting), (Lines{"greeted cid-1"}));
  EXPECT_EQ(server.written(), from_hex("7b2268656c6c6f223a202268656c6c6f227d00"));
}

TEST(RpcConversation, carries_messages_in_both_directions) {
  Pair pair;
  pair.client.conversation.send(request, Message{"42"});
  EXPECT_EQ(pair.server.feed(pair.client.written()), (Lines{request + " 42"}));
  pair.server.conversation.send(answer, Message{"43"});
  pair.server.conversation.send(request, Message{});
  EXPECT_EQ(pair.client.feed(pair.server.written()), (Lines{answer + " 43", request + ' '}));
}

TEST(RpcConversation, writes_the_bytes_of_the_original) {
  Pair pair;
  pair.server.conversation.send(answer, Message{"42"});
  EXPECT_EQ(
      pair.server.written(),
      from_hex("0000003d 0a 0000003a 7b226964223a20223635303937653761653463613131663161353231303266633030303030303031"
               "222c202274797065223a2031317d 3432"));
  pair.server.conversation.finish();
  EXPECT_EQ(pair.server.written(), from_hex("00000001 14"));
}

TEST(RpcConversation, takes_what_follows_the_greeting_at_once_and_byte_by_byte) {
  Pair pair;
  pair.client.conversation.send(request, Message{"42"});
  pair.client.conversation.finish();
  const std::string all = client_greeting + pair.client.written();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, all.size()}) {
    Side server{CommunicaRole::server};
    EXPECT_EQ(server.feed(all, piece), (Lines{"greeted cid-1", request + " 42", "ended"})) << piece;
    EXPECT_TRUE(server.conversation.is_over());
  }
}

TEST(RpcConversation, sends_a_large_message_in_chunks) {
  Pair pair;
  const std::string large(3 * 1024 * 1024 + 5, 'x');
  pair.client.conversation.send(request, Message{large});
  pair.client.conversation.send(request, Message{"next"});
  const std::string bytes = pair.client.written();
  EXPECT_EQ(bytes[4], '\x0b');
  EXPECT_EQ(pair.server.feed(bytes, 100'000), (Lines{request + " 3145733", request + " next"}));
}

TEST(RpcConversation, tells_a_clean_end_from_one_inside_a_message) {
  Pair clean;
  EXPECT_EQ(clean.server.end(), (Lines{"ended"}));
  Pair torn;
  torn.client.conversation.send(request, Message{"42"});
  std::string bytes = torn.client.written();
  bytes.pop_back();
  EXPECT_EQ(torn.server.feed(bytes), Lines{});
  EXPECT_TRUE(torn.server.end().front().ends_with("the peer left inside a message"));
}

TEST(RpcConversation, says_why_it_refuses_a_client) {
  Side server{CommunicaRole::server};
  server.accepts = false;
  EXPECT_EQ(server.feed(client_greeting), (Lines{"greeted cid-1"}));
  server.conversation.reject("not welcome");
  Side client{CommunicaRole::client};
  EXPECT_EQ(client.feed(server.written()), Lines{});
  EXPECT_EQ(client.end(), (Lines{"rejected: not welcome"}));
}

TEST(RpcConversation, hears_a_refusal_behind_the_greeting) {
  Pair pair;
  EXPECT_EQ(pair.server.feed("\4{\"reason\": \"no such server\"}"), Lines{});
  EXPECT_EQ(pair.server.end(), (Lines{"rejected: no such server"}));
}

/// Which lasts up to the end of the stream, in whatever way that ends.
TEST(RpcConversation, knows_that_it_is_in_a_refusal) {
  const std::string refusal = "\4{\"reason\": \"not welcome\"}";
  Side side{CommunicaRole::client};
  EXPECT_FALSE(side.conversation.is_in_rejection());
  side.feed("{\"hello\": \"hello\"}\0"s);
  EXPECT_FALSE(side.conversation.is_in_rejection());
  side.feed(refusal.substr(0, 4));
  EXPECT_FALSE(side.conversation.is_in_rejection());
  side.feed(refusal.substr(4));
  EXPECT_TRUE(side.conversation.is_in_rejection());
  Side unmet{CommunicaRole::client};
  unmet.feed(refusal);
  EXPECT_TRUE(unmet.conversation.is_in_rejection());
}

TEST(RpcConversation, ends_with_a_peer_that_does_not_greet_in_time) {
  Side server{CommunicaRole::server};
  EXPECT_EQ(server.conversation.next_deadline(), start + 10s);
  EXPECT_EQ(line_of(server.conversation.expire(start + 9s)), "none");
  EXPECT_EQ(server.conversation.expire(start + 10s).sentence, "the peer has not greeted within 10000 ms");
  EXPECT_EQ(server.conversation.next_deadline(), std::nullopt);
  Pair pair;
  EXPECT_EQ(pair.server.conversation.next_deadline(), std::nullopt) << "as it has";
}

/// What a server says of a client that has greeted and sends this.
std::string failure(const std::string& bytes) {
  Side server{CommunicaRole::server, {.metadata_size_max = 64, .data_size_max = 16}};
  (void)server.feed(client_greeting);
  const Lines lines = server.feed(bytes);
  EXPECT_TRUE(server.conversation.is_over());
  return lines.empty() ? "nothing" : lines.front();
}

std::string message_of(std::string_view metadata, std::string_view data) {
  std::array<std::byte, wire::CommunicaFrames::message_header_size> header{};
  const std::size_t size = wire::CommunicaFrames::put_message_header(header.data(), metadata.size(), data.size());
  return std::string{reinterpret_cast<const char*>(header.data()), size}.append(metadata).append(data);
}

TEST(RpcConversation, says_what_a_peer_did_wrong) {
  EXPECT_TRUE(failure(message_of("{}", "")).ends_with("the peer's metadata has no type, at byte 2 of 2"));
  EXPECT_TRUE(failure(message_of(R"({"type": 1})", std::string(17, 'x')))
                  .ends_with("the peer sent a message of 17 bytes, and the limit is 16"));
  EXPECT_TRUE(failure(message_of(std::string(65, ' '), ""))
                  .ends_with("the peer sent metadata of 65 bytes, and the limit is 64"));
  EXPECT_TRUE(failure(from_hex("00000001 0c")).ends_with("the peer sent a frame of an unknown kind"));
  EXPECT_TRUE(failure(from_hex("0000000e 0b 00000000 00000002 00000001 7d") + message_of(R"({"type": 1})", ""))
                  .ends_with("the peer began a message inside another one's chunks"));
}

}  // namespace
}  // namespace parley::policy
