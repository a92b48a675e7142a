#include <parley/wire/communica_greeting.hpp>

#include "support/bytes_of.hpp"
#include "vectors/framing.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace parley::test::communica_greeting_tests {
namespace {

using namespace std::string_literals;
using wire::CommunicaGreeting;
using wire::CommunicaRole;
using Outcome = CommunicaGreeting::Outcome;

CommunicaGreeting greeting(const std::string& bytes, bool ended = false, CommunicaRole from = CommunicaRole::client) {
  return wire::read_greeting(bytes_of(bytes), ended, from);
}
CommunicaGreeting of_server(const std::string& bytes, bool ended = false) {
  return greeting(bytes, ended, CommunicaRole::server);
}

/// Why it is refused.
std::string refusal(const CommunicaGreeting& read) {
  EXPECT_EQ(read.outcome, Outcome::error);
  return read.why;
}

// Recorded from the original.
const std::string client_bytes = from_hex("7b22636c69656e745f6964223a20226369642d31227d00");
const std::string server_bytes = from_hex("7b2268656c6c6f223a202268656c6c6f227d00");
const std::string rejection_bytes = from_hex("047b22726561736f6e223a20226e6f742077656c636f6d65227d");

TEST(CommunicaGreeting, of_a_client_names_it) {
  const CommunicaGreeting read = greeting(client_bytes + "frames");
  EXPECT_EQ(read.outcome, Outcome::greeting);
  EXPECT_EQ(read.client_id, "cid-1");
  EXPECT_EQ(read.consumed, client_bytes.size());
  EXPECT_EQ(wire::client_greeting("cid-1"), client_bytes);
}

TEST(CommunicaGreeting, of_a_server_may_be_any_json) {
  EXPECT_EQ(of_server(server_bytes).outcome, Outcome::greeting);
  EXPECT_EQ(of_server(server_bytes).consumed, server_bytes.size());
  EXPECT_EQ(of_server("[1, {}]\0"s).outcome, Outcome::greeting);
  EXPECT_EQ(wire::server_greeting(), server_bytes);
  EXPECT_EQ(refusal(of_server("hello\0"s)), "sent a greeting that is not JSON");
}

TEST(CommunicaGreeting, waits_for_its_end_at_every_byte) {
  for (std::size_t size = 0; size < client_bytes.size(); ++size) {
    EXPECT_EQ(greeting(client_bytes.substr(0, size)).outcome, Outcome::need) << size;
  }
  for (std::size_t size = 0; size < rejection_bytes.size(); ++size) {
    EXPECT_EQ(of_server(rejection_bytes.substr(0, size)).outcome, Outcome::need) << size;
  }
}

TEST(CommunicaGreeting, takes_a_client_id_as_json_spells_it_among_others) {
  const CommunicaGreeting read = greeting(R"({"v":[1,2.5e3,null],"client_id":"\u00e9\n\ud83d\ude00"})" + "\0"s);
  EXPECT_EQ(read.client_id, "é\n😀");
  EXPECT_EQ(greeting(wire::client_greeting("é\"\\\n\1😀")).client_id, "é\"\\\n\1😀");
  EXPECT_EQ(greeting(wire::client_greeting("")).client_id, "");
}

TEST(CommunicaGreeting, refuses_what_names_no_client) {
  EXPECT_EQ(refusal(greeting("{}\0"s)), "sent a greeting without a client_id");
  EXPECT_EQ(refusal(greeting("{\"client_id\": 5}\0"s)), "sent a greeting that is no JSON object with a text client_id");
  EXPECT_EQ(refusal(greeting("{\"client_id\": \"a\"\0"s)),
            "sent a greeting that is no JSON object with a text client_id");
  EXPECT_EQ(refusal(greeting("{\"client_id\": \"\xff\"}\0"s)),
            "sent a greeting that is no JSON object with a text client_id");
}

TEST(CommunicaGreeting, sees_from_the_first_byte_that_a_client_speaks_something_else) {
  EXPECT_EQ(refusal(greeting("GET")), "began with something other than a greeting of communica");
  EXPECT_EQ(refusal(greeting("\x16\x03\x01")), "began with something other than a greeting of communica");
  EXPECT_EQ(refusal(greeting("\x01\x04{")), "began with something other than a greeting of communica");
}

TEST(CommunicaGreeting, is_not_waited_for_without_end) {
  EXPECT_EQ(greeting('{' + std::string(wire::greeting_size_max - 2, ' ')).outcome, Outcome::need);
  EXPECT_EQ(refusal(greeting('{' + std::string(wire::greeting_size_max - 1, ' '))),
            "sent a greeting longer than 65536 bytes");
}

TEST(CommunicaGreeting, that_does_not_end_is_truncated) {
  EXPECT_EQ(greeting("", true).code, error::truncated);
  EXPECT_EQ(refusal(greeting("", true)), "left before it greeted");
  EXPECT_EQ(refusal(greeting("{\"client", true)), "left in its greeting");
}

TEST(CommunicaRejection, says_its_reason_when_the_stream_has_ended) {
  const CommunicaGreeting read = of_server(rejection_bytes, true);
  EXPECT_EQ(read.outcome, Outcome::rejected);
  EXPECT_EQ(read.reason, "not welcome");
  EXPECT_EQ(wire::rejection("not welcome"), rejection_bytes);
}

TEST(CommunicaRejection, without_a_reason_is_one_too) {
  EXPECT_EQ(of_server("\4", true).reason, "(no reason given)");
  EXPECT_EQ(of_server("\4{}", true).reason, "(no reason given)");
  EXPECT_EQ(of_server("\4oops", true).outcome, Outcome::rejected);
}

TEST(CommunicaRejection, may_come_behind_the_greeting) {
  EXPECT_TRUE(wire::begins_rejection(bytes_of(rejection_bytes)));
  EXPECT_FALSE(wire::begins_rejection(bytes_of(rejection_bytes.substr(0, 4)))) << "not known yet";
  EXPECT_FALSE(wire::begins_rejection(bytes_of("\4{AA\n"))) << "a frame of 75 MB";
  EXPECT_EQ(wire::read_rejection(bytes_of(rejection_bytes), false).outcome, Outcome::need);
  EXPECT_EQ(wire::read_rejection(bytes_of(rejection_bytes), true).reason, "not welcome");
  EXPECT_EQ(refusal(wire::read_rejection(bytes_of(std::string(wire::greeting_size_max + 1, ' ')), false)),
            "sent a reason longer than 65536 bytes for not having this side");
}

TEST(CommunicaRejection, has_a_reason_of_bounded_length_and_whole_characters) {
  const std::string long_reason = std::string(1023, 'a') + "é";
  EXPECT_EQ(of_server(wire::rejection(long_reason), true).reason, std::string(1023, 'a'));
  EXPECT_EQ(of_server(wire::rejection("a\xff"), true).reason, "a");
  EXPECT_EQ(of_server("\4{\"reason\": \"" + long_reason + "\"}", true).reason, std::string(1023, 'a'));
}

TEST(CommunicaGreeting, is_not_made_of_what_it_cannot_say) {
  EXPECT_THROW((void)wire::client_greeting("\xff"), std::invalid_argument);
  EXPECT_THROW((void)wire::client_greeting(std::string(wire::greeting_size_max, 'a')), std::invalid_argument);
}

}  // namespace
}  // namespace parley::test::communica_greeting_tests
