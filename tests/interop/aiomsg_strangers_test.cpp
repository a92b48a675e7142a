// parley-agent and peers that speak strangely (docs/protocols/aiomsg.md sections 2 and 5.1): what each of them sees,
// and that another peer of the same agent does not notice.
#include "interop/agent.hpp"
#include "support/aiomsg_frames.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace parley::interop {
namespace {

using namespace support;
using namespace std::string_literals;

const std::string other_identity(16, 'o');
const std::string bystander_identity(16, 'b');
const std::string id = "0123456789abcdef";  // stands for one that nobody has used

const std::string hello = aiomsg_hello(other_identity);
const std::string their_hello = aiomsg_hello(agent_identity);
const std::string mark = aiomsg_data("mark");

/// In the answers, which are those of an agent that sends back what it gets.
enum class Then { goes_on, ends };

struct Stranger {
  const char* name;
  std::string sent;
  std::string answer;
  Then then;
};

std::ostream& operator<<(std::ostream& out, const Stranger& stranger) { return out << stranger.name; }

/// The same with an id that no test has used before: the agent remembers the ids of requests.
Stranger with_fresh_id(Stranger stranger) {
  static int count = 0;
  std::string fresh = std::to_string(++count);
  fresh.resize(id.size(), '.');
  for (std::string* const bytes : {&stranger.sent, &stranger.answer}) {
    for (std::size_t found = 0; (found = bytes->find(id, found)) != std::string::npos;) {
      bytes->replace(found, id.size(), fresh);
    }
  }
  return stranger;
}

/// The agent acknowledges what it has read, and sends back what it has taken: neither waits for the other.
std::string acknowledgements_first(std::string_view frames) {  // of less than 256 bytes each
  constexpr char acknowledgement = '\5';
  std::string first;
  std::string others;
  while (frames.size() > 4) {
    const std::size_t size = std::min(4 + std::size_t{static_cast<unsigned char>(frames[3])}, frames.size());
    (frames[4] == acknowledgement ? first : others).append(frames.substr(0, size));
    frames.remove_prefix(size);
  }
  return first + others.append(frames);
}

/// What greets properly.
std::vector<Stranger> strangers_greeted() {
  return {
      {"ten_messages_behind_the_greeting", hello + aiomsg_numbered_data(10), their_hello + aiomsg_numbered_data(10),
       Then::goes_on},
      {"request", hello + aiomsg_request(id, "work"), their_hello + aiomsg_acknowledgement(id) + aiomsg_data("work"),
       Then::goes_on},
      {"request_twice", hello + aiomsg_request(id, "") + aiomsg_request(id, "") + mark,
       their_hello + aiomsg_acknowledgement(id) + aiomsg_acknowledgement(id) + aiomsg_data("") + mark, Then::goes_on},
      {"empty_message", hello + aiomsg_data(""), their_hello + aiomsg_data(""), Then::goes_on},
      {"unknown_types", hello + aiomsg_frame("\x7f\0"s) + aiomsg_frame("\0"s) + aiomsg_frame("\xff") + mark,
       their_hello + mark, Then::goes_on},
      {"frame_of_no_length", hello + "\0\0\0\0"s + mark, their_hello + mark, Then::goes_on},
      {"second_greeting", hello + hello + mark, their_hello + mark, Then::goes_on},
      {"second_greeting_of_one_byte", hello + aiomsg_frame("\1") + mark, their_hello + mark, Then::goes_on},
      {"second_greeting_of_another_version", hello + aiomsg_frame("\1\2"s + other_identity) + mark, their_hello + mark,
       Then::goes_on},
      {"heartbeats", hello + aiomsg_heartbeat() + aiomsg_heartbeat() + mark, their_hello + mark, Then::goes_on},
      {"heartbeat_with_a_body", hello + aiomsg_frame("\2body") + mark, their_hello + mark, Then::goes_on},
      {"acknowledgement_of_nothing", hello + aiomsg_acknowledgement(id) + mark, their_hello + mark, Then::goes_on},
      {"short_acknowledgement", hello + aiomsg_frame("\5abcd") + aiomsg_frame("\5") + mark, their_hello + mark,
       Then::goes_on},
      {"long_acknowledgement", hello + aiomsg_frame("\5" + id + "x") + mark, their_hello + mark, Then::goes_on},
      {"short_request", hello + aiomsg_frame("\4abcd"), their_hello, Then::ends},
      {"request_of_one_byte", hello + aiomsg_frame("\4"), their_hello, Then::ends},
      {"length_of_four_gigabytes", hello + "\xff\xff\xff\xff\3"s, their_hello, Then::ends},
      {"unknown_type_of_four_gigabytes", hello + "\xff\xff\xff\xff\x7f"s, their_hello, Then::ends},
      {"length_just_over_the_limit", hello + "\4\0\0\2\3"s, their_hello, Then::ends},
  };
}

/// What never becomes a peer.
std::vector<Stranger> strangers_refused() {
  return {
      {"version_2", aiomsg_frame("\1\2" + other_identity), "", Then::ends},
      {"message_first", aiomsg_data("too early"), "", Then::ends},
      {"heartbeat_first", aiomsg_heartbeat(), "", Then::ends},
      {"greeting_of_one_byte", aiomsg_frame("\1"), "", Then::ends},
      {"greeting_with_a_short_identity", aiomsg_frame("\1\1\xff"), "", Then::ends},
      {"greeting_with_a_long_identity", aiomsg_frame("\1\1" + other_identity + "x"), "", Then::ends},
      {"greeting_of_no_length", "\0\0\0\0"s, "", Then::ends},
      {"greeting_of_16_megabytes", "\0\xff\xff\xff\1\1"s, "", Then::ends},
      {"the_agents_own_identity", aiomsg_hello(agent_identity), "", Then::ends},
      {"identity_of_another_peer", aiomsg_hello(bystander_identity) + mark, "", Then::ends},
      {"another_protocol", "SSH-2.0-OpenSSH_9.2\r\n", "", Then::ends},
      {"greeting_of_four_gigabytes", "\xff\xff\xff\xff\1\1"s, "", Then::ends},
  };
}

std::vector<Stranger> all_strangers() {
  std::vector<Stranger> all = strangers_greeted();
  for (Stranger& each : strangers_refused()) all.push_back(std::move(each));
  return all;
}

/// A peer as it should be, before, while and after others come and go.
class Bystander {
 public:
  explicit Bystander(const Endpoint& at) : peer_{at} {
    peer_.write(aiomsg_hello(bystander_identity));
    EXPECT_EQ(peer_.read(their_hello.size()), their_hello);
  }

  void expect_to_be_served() {
    peer_.write(mark);
    std::string got = peer_.read(aiomsg_heartbeat().size());
    while (got == aiomsg_heartbeat()) got = peer_.read(aiomsg_heartbeat().size());
    got += peer_.read(mark.size() - got.size());
    EXPECT_EQ(got, mark);
  }

 private:
  RawPeer peer_;
};

/// One agent for all: none of them may do it any harm.
class AiomsgStrangers : public testing::TestWithParam<Stranger> {
 protected:
  static void SetUpTestSuite() {
    agent = std::make_unique<Agent>(
        "tcp", "", Words{"--behavior", "echo", "--count", "1000000", "--identity", agent_identity_text});
    at = std::make_unique<Endpoint>(agent->bound());
    bystander = std::make_unique<Bystander>(*at);
  }
  static void TearDownTestSuite() {
    bystander.reset();
    at.reset();
    agent.reset();
  }

  static void expect_answer(RawPeer& peer, const Stranger& stranger) {
    if (stranger.then == Then::ends) {
      EXPECT_EQ(peer.read_to_end(), stranger.answer);
      return;
    }
    EXPECT_EQ(acknowledgements_first(peer.read(stranger.answer.size())), acknowledgements_first(stranger.answer));
    peer.write(aiomsg_data("still here"));
    EXPECT_EQ(peer.read(aiomsg_data("still here").size()), aiomsg_data("still here"));
  }

  static inline std::unique_ptr<Agent> agent;
  static inline std::unique_ptr<Endpoint> at;
  static inline std::unique_ptr<Bystander> bystander;
};

TEST_P(AiomsgStrangers, are_answered_or_turned_away) {
  const Stranger stranger = with_fresh_id(GetParam());
  RawPeer peer{*at};
  peer.write(stranger.sent);
  expect_answer(peer, stranger);
  bystander->expect_to_be_served();
}

TEST_P(AiomsgStrangers, may_send_byte_by_byte) {
  const Stranger stranger = with_fresh_id(GetParam());
  RawPeer peer{*at};
  peer.write_apart(stranger.sent);
  expect_answer(peer, stranger);
  bystander->expect_to_be_served();
}

INSTANTIATE_TEST_SUITE_P(All, AiomsgStrangers, testing::ValuesIn(all_strangers()),
                         [](const auto& p) { return p.param.name; });

class AiomsgPassersBy : public AiomsgStrangers {};

/// Who goes again at any point of what it sends, in order or not.
TEST_P(AiomsgPassersBy, do_no_harm) {
  const std::string& sent = GetParam().sent;
  for (std::size_t size = 0; size <= sent.size(); ++size) {
    RawPeer orderly{*at};
    orderly.write(sent.substr(0, size));
    RawPeer rude{*at};
    rude.write(sent.substr(0, size));
    rude.reset();
  }
  bystander->expect_to_be_served();
}

INSTANTIATE_TEST_SUITE_P(All, AiomsgPassersBy,
                         testing::Values(Stranger{"greeting_and_request", hello + aiomsg_request(id, "x"), "", {}}),
                         [](const auto& p) { return p.param.name; });

// --- the other way round ---------------------------------------------------------------------------------------------

class AiomsgStrangeServers : public testing::TestWithParam<Stranger> {
 protected:
  static void SetUpTestSuite() {
    listener = std::make_unique<RawListener>();
    agent = std::make_unique<Agent>(
        listener->endpoint(), Words{"--behavior", "echo", "--count", "1000000", "--identity", agent_identity_text});
  }
  static void TearDownTestSuite() {
    agent.reset();
    listener.reset();
  }

  static inline std::unique_ptr<RawListener> listener;
  static inline std::unique_ptr<Agent> agent;
};

/// The agent greets without waiting, and dials again whoever it has turned away.
TEST_P(AiomsgStrangeServers, are_answered_or_dialled_again) {
  const Stranger stranger = with_fresh_id(GetParam());
  RawPeer peer = listener->accept();
  EXPECT_EQ(peer.read(their_hello.size()), their_hello);
  peer.write(stranger.sent);
  if (stranger.then == Then::ends) {
    EXPECT_EQ(peer.read_to_end(), "");
    peer.reset();
  } else {
    const std::string rest = stranger.answer.substr(their_hello.size());
    EXPECT_EQ(acknowledgements_first(peer.read(rest.size())), acknowledgements_first(rest));
    peer.reset();
  }
  RawPeer again = listener->accept();
  again.write(hello + mark);
  EXPECT_EQ(again.read(their_hello.size() + mark.size()), their_hello + mark);
}

std::vector<Stranger> strange_servers() {
  std::vector<Stranger> all;
  for (Stranger& each : all_strangers()) {
    if (std::string_view{each.name} != "identity_of_another_peer") all.push_back(std::move(each));
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, AiomsgStrangeServers, testing::ValuesIn(strange_servers()),
                         [](const auto& p) { return p.param.name; });

TEST(AiomsgStrangeServer, that_closes_at_once_is_not_dialled_without_a_pause) {
  RawListener listener;
  Agent agent{listener.endpoint(), {}};
  listener.accept().reset();
  const auto begun = std::chrono::steady_clock::now();
  constexpr int times = 6;
  for (int i = 0; i < times; ++i) listener.accept().reset();
  EXPECT_GE(std::chrono::steady_clock::now() - begun, (times - 1) * std::chrono::milliseconds{50});
}

// --- what the suite across languages checks with raw peers -----------------------------------------------------------

TEST(AiomsgRawPeer, that_sends_greeting_and_ten_messages_in_one_write_is_printed) {
  for (const std::string delivery : {"at-most-once", "at-least-once"}) {
    Agent sink{"tcp", "", {"--delivery", delivery}};
    RawPeer peer{sink.bound()};
    peer.write(hello + aiomsg_numbered_data(10));
    const ChildResult printed = sink.wait();
    EXPECT_EQ(printed.output, numbered_lines(10));
    EXPECT_EQ(printed.code, 0) << printed.errors;
  }
}

TEST(AiomsgRawPeer, that_listens_and_sends_greeting_and_ten_messages_in_one_write_is_printed) {
  RawListener listener;
  Agent sink{listener.endpoint(), {}};
  RawPeer peer = listener.accept();
  peer.write(hello + aiomsg_numbered_data(10));
  const ChildResult printed = sink.wait();
  EXPECT_EQ(printed.output, numbered_lines(10));
  EXPECT_EQ(printed.code, 0) << printed.errors;
}

TEST(AiomsgRawPeer, that_listens_late_gets_all_in_order) {
  std::optional<RawListener> listener{std::in_place};
  const Endpoint later = listener->endpoint();
  listener.reset();
  Agent source{later, {"--behavior", "source", "--identity", agent_identity_text, "--linger", "60"}};
  static_cast<void>(source.error_line_with("trying again: "));  // it has found nobody
  RawListener late{later.port()};
  RawPeer peer = late.accept();
  EXPECT_EQ(peer.read(their_hello.size()), their_hello);
  peer.write(hello);
  const std::string all = aiomsg_numbered_data(10);
  EXPECT_EQ(peer.read(all.size()), all);
}

}  // namespace
}  // namespace parley::interop
