#include <parley/wire/tcpchan.hpp>

#include "support/bytes_of.hpp"
#include "support/mux_probe.hpp"
#include "vectors/tcpchan.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using wire::MuxChannel;
using wire::MuxEvent;
using wire::TcpChan;
using wire::TcpChanFrame;
using TcpChanProbe = MuxProbe<TcpChan>;

class TcpChanVectors : public ::testing::TestWithParam<TcpChanVector> {};

TEST_P(TcpChanVectors, decode) {
  const std::string bytes = from_hex(GetParam().wire);
  EXPECT_EQ(TcpChanFrame::decode(bytes_of(bytes).data()), GetParam().frame);
}

TEST_P(TcpChanVectors, encode) {
  std::array<std::byte, TcpChanFrame::payload_size> header{};
  const std::size_t size = GetParam().frame.encode(header.data());
  EXPECT_EQ(to_hex(std::span{header}.first(size)), without_blanks(GetParam().wire).substr(0, 2 * size));
}

INSTANTIATE_TEST_SUITE_P(TcpChan, TcpChanVectors, ::testing::ValuesIn(tcpchan_vectors()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TcpChanProbe ready_tcpchan(MuxRole role = MuxRole::client, const MuxOptions& options = {}) {
  TcpChanProbe probe{role, options};
  probe.core.start(probe.now);
  probe.feed(role == MuxRole::client ? TcpChanDialogue{}.reply : TcpChanDialogue{}.request);
  (void)probe.output();
  return probe;
}

TEST(TcpChan, speaks_as_the_client_of_the_exchange) {
  const TcpChanDialogue dialogue;
  TcpChanProbe client;
  client.core.start(client.now);
  EXPECT_EQ(client.output(), dialogue.request);
  EXPECT_EQ(client.feed(dialogue.reply), (Lines{"ready"}));
  const MuxChannel five = client.core.open(client.now, 5).channel;
  const MuxChannel six = client.core.open(client.now, 6).channel;
  EXPECT_EQ(client.output(), without_blanks(dialogue.creates));
  client.core.write(five, bytes_of("m0-"), client.now);
  client.core.write(six, bytes_of("m0-"), client.now);
  EXPECT_EQ(client.output(), without_blanks(dialogue.payloads));
  EXPECT_EQ(client.feed(dialogue.echoes), (Lines{"data 5 6563686f3a6d302d", "data 6 6563686f3a6d302d"}));
  client.core.close(five, client.now);
  client.core.close(six, client.now);
  EXPECT_EQ(client.output(), without_blanks(dialogue.closes));
  EXPECT_EQ(client.events(), (Lines{"closed 5", "closed 6"}));
}

TEST(TcpChan, speaks_as_the_server_of_the_exchange_however_it_is_cut) {
  const TcpChanDialogue dialogue;
  for (std::size_t size = 1; size < 20; ++size) {
    TcpChanProbe server{MuxRole::server};
    server.core.start(server.now);
    EXPECT_EQ(server.output(), "");
    EXPECT_EQ(server.feed(dialogue.request, size), (Lines{"ready"}));
    EXPECT_EQ(server.output(), dialogue.reply);
    EXPECT_EQ(server.feed(dialogue.creates, size), (Lines{"opened 5", "opened 6"}));
    std::string payload;
    for (const std::string& line : server.feed(dialogue.payloads, size)) payload += line.substr(7);
    EXPECT_EQ(payload, "6d302d6d302d");
    server.core.write(server.channels[5], bytes_of("echo:m0-"), server.now);
    server.core.write(server.channels[6], bytes_of("echo:m0-"), server.now);
    EXPECT_EQ(server.output(), without_blanks(dialogue.echoes));
    EXPECT_EQ(server.feed(dialogue.closes, size), (Lines{"closed 5", "closed 6"}));
    EXPECT_EQ(server.core.unread_size(), 6U);
    server.core.consume(server.channels[5], 3, server.now);
    server.core.consume(server.channels[6], 3, server.now);
    EXPECT_EQ(server.core.unread_size(), 0U);
  }
}

TEST(TcpChan, gives_out_an_empty_chunk) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server);
  EXPECT_EQ(server.feed("000300000001 000500000001 0000"), (Lines{"opened 1", "data 1 "}));
}

TEST(TcpChan, cuts_long_writes_into_messages) {
  TcpChanProbe client = ready_tcpchan();
  const MuxChannel channel = client.open();
  const std::string bytes(100'000, 'x');
  EXPECT_EQ(client.core.reserve(channel, bytes.size(), false, client.now).size, 65535U);
  EXPECT_EQ(client.core.next_turn(), channel);
  EXPECT_EQ(client.core.reserve(channel, bytes.size() - 65535, false, client.now).size, 34465U);
}

TEST(TcpChan, holds_channels_back_until_the_handshake) {
  TcpChanProbe client;
  client.core.start(client.now);
  (void)client.output();
  const MuxChannel channel = client.open();
  EXPECT_EQ(client.core.write(channel, bytes_of("early"), client.now).size, 0U);
  EXPECT_EQ(client.output(), "");
  EXPECT_EQ(client.feed("0002feedbacc"), (Lines{"ready"}));
  EXPECT_EQ(client.output(), "000300000001");
  EXPECT_EQ(client.core.next_turn(), channel);
}

TEST(TcpChan, a_channel_closed_before_the_handshake_never_was) {
  TcpChanProbe client;
  client.core.start(client.now);
  (void)client.output();
  client.core.close(client.open(), client.now);
  EXPECT_EQ(client.feed("0002feedbacc"), (Lines{"closed 1", "ready"}));
  EXPECT_EQ(client.output(), "");
}

TEST(TcpChan, another_magic_ends_the_session_at_both_sides) {
  TcpChanProbe server{MuxRole::server};
  server.core.start(server.now);
  EXPECT_EQ(server.feed("000112345678"), (Lines{"ended"}));
  EXPECT_EQ(server.output(), "");
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::handshake_failed);
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended], "the peer has the magic 0x12345678, and this side 0xfeedbacc");
  TcpChanProbe client{MuxRole::client, {.magic = 1}};
  client.core.start(client.now);
  EXPECT_EQ(client.output(), "000100000001");
  EXPECT_EQ(client.feed("0002feedbacc"), (Lines{"ended"}));
}

TEST(TcpChan, the_handshake_has_a_limit_in_time) {
  TcpChanProbe server{MuxRole::server};
  server.core.start(server.now);
  EXPECT_EQ(server.core.next_deadline(), server.now + 10s);
  EXPECT_EQ(server.pass(10s), (Lines{"ended"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::timed_out);
}

TEST(TcpChan, answers_a_request_that_comes_again) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server);
  EXPECT_EQ(server.feed("0001feedbacc"), Lines{});
  EXPECT_EQ(server.output(), "0002feedbacc");
}

TEST(TcpChan, has_neither_half_closing_nor_pings) {
  TcpChanProbe client = ready_tcpchan();
  const MuxChannel channel = client.open();
  EXPECT_EQ(client.core.finish(channel, client.now), error::unavailable);
  EXPECT_EQ(client.core.reserve(channel, 5, true, client.now).code, error::unavailable);
  EXPECT_EQ(client.core.ping(1, client.now), error::unavailable);
}

TEST(TcpChan, numbers_may_be_used_again) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server);
  server.feed("000300000005 000500000005 0001 61");
  const MuxChannel old = server.channels[5];
  EXPECT_EQ(server.feed("000400000005 000300000005 000500000005 0001 62"),
            (Lines{"closed 5", "opened 5", "data 5 62"}));
  EXPECT_NE(server.channels[5], old);
  server.core.consume(old, 1, server.now);
  EXPECT_EQ(server.core.unread_size(), 1U);
  EXPECT_THROW(server.core.open(server.now, 5), std::invalid_argument);
}

TEST(TcpChan, passes_over_what_is_for_nobody) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server);
  EXPECT_EQ(server.feed("000500000009 0003 616263 000400000009 000300000001"), (Lines{"opened 1"}));
  EXPECT_EQ(server.core.counters().strays, 2U);
}

TEST(TcpChan, ends_at_the_limit_on_unread_bytes) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server, {.unread_size_max = 4});
  EXPECT_EQ(server.feed("000300000001 000500000001 0005 6162636465"),
            (Lines{"opened 1", "data 1 61626364", "ended", "closed 1"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::unread_limit);
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended],
            "the peer sent more on channel 1 while 4 bytes of all channels were unread, which is the limit");
}

TEST(TcpChan, a_message_may_not_stop_in_its_middle) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server);
  server.feed("000500000009 0003 61");
  EXPECT_EQ(server.core.next_deadline(), server.now + 30s);
  EXPECT_EQ(server.pass(30s), (Lines{"ended"}));
}

TEST(TcpChan, closes_again_what_it_does_not_take) {
  TcpChanProbe server =
      ready_tcpchan(MuxRole::server, {.accept_backlog = 1, .resets_burst = 1, .resets_per_second = 0});
  EXPECT_EQ(server.feed("000300000001 000300000003"), (Lines{"opened 1"}));
  EXPECT_EQ(server.output(), "000400000003");
  EXPECT_EQ(server.feed("000300000005"), (Lines{"ended", "closed 1"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::too_many_channels);
}

TEST(TcpChan, cuts_who_opens_what_is_closed_and_does_not_read_it) {
  TcpChanProbe server = ready_tcpchan(MuxRole::server, {.channels_max = 10, .answers_size_max = 60});
  int closed = 0;
  for (; closed < 100 && !server.codes.contains(MuxEvent::Kind::ended); ++closed) {
    server.feed("000300000001");
    server.core.close(server.channels[1], server.now);
    (void)server.events();
  }
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::flooded);
  EXPECT_EQ(closed, 21);
}

TEST(TcpChan, breaking_the_protocol_ends_the_session) {
  for (const char* input : {"01", "0000", "0006", "000300000001000300000001", "0002feedbacc"}) {
    TcpChanProbe server = ready_tcpchan(MuxRole::server);
    server.feed(input);
    EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::malformed) << input;
  }
  for (const char* input : {"01", "000300000001", "000500000001", "47455420"}) {
    TcpChanProbe server{MuxRole::server};
    server.core.start(server.now);
    server.feed(std::string{input} + "0000");
    EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::handshake_failed) << input;
  }
}

}  // namespace
}  // namespace parley::test
