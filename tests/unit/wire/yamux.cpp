#include <parley/wire/yamux.hpp>
#include <parley/wire/yamux_window.hpp>

#include "support/bytes_of.hpp"
#include "support/mux_probe.hpp"
#include "vectors/yamux.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using wire::MuxChannel;
using wire::MuxEvent;
using wire::Yamux;
using wire::YamuxFrame;
using wire::YamuxType;
using YamuxProbe = MuxProbe<Yamux>;

class YamuxVectors : public ::testing::TestWithParam<YamuxVector> {};

TEST_P(YamuxVectors, decode) {
  const std::string bytes = from_hex(GetParam().wire);
  EXPECT_EQ(YamuxFrame::decode(bytes_of(bytes).data()), GetParam().frame);
}

TEST_P(YamuxVectors, encode) {
  std::array<std::byte, YamuxFrame::header_size> header{};
  GetParam().frame.encode(header.data());
  EXPECT_EQ(to_hex(header), without_blanks(GetParam().wire).substr(0, 24));
}

INSTANTIATE_TEST_SUITE_P(Yamux, YamuxVectors, ::testing::ValuesIn(yamux_vectors()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

/// One that is ready, with nothing to say.
YamuxProbe ready_yamux(MuxRole role = MuxRole::client, MuxOptions options = {}) {
  YamuxProbe probe{role, options};
  probe.core.start(probe.now);
  if (options.handshake_ping) probe.feed("000200020000000000000000");
  (void)probe.events();
  (void)probe.output();
  return probe;
}

std::string window_text(std::uint16_t flags, std::uint32_t id, std::uint32_t length,
                        YamuxType type = YamuxType::window_update) {
  std::array<std::byte, YamuxFrame::header_size> header{};
  YamuxFrame{0, type, flags, id, length}.encode(header.data());
  return to_hex(header);
}

std::string data_text(std::uint32_t id, std::string_view payload, std::uint16_t flags = 0) {
  return window_text(flags, id, static_cast<std::uint32_t>(payload.size()), YamuxType::data) +
         to_hex(bytes_of(payload));
}

TEST(Yamux, begins_with_a_ping_and_is_ready_when_it_is_answered) {
  YamuxProbe probe;
  probe.core.start(probe.now);
  EXPECT_EQ(probe.output(), YamuxDialogue{}.ping);
  EXPECT_EQ(probe.events(), Lines{});
  probe.now += 30ms;
  EXPECT_EQ(probe.feed(YamuxDialogue{}.ping_answer), (Lines{"ready"}));
  EXPECT_EQ(probe.round_trip, 30ms);
  EXPECT_EQ(probe.core.round_trip(), 30ms);
}

TEST(Yamux, is_ready_at_once_without_that_ping) {
  YamuxProbe probe{MuxRole::server, {.handshake_ping = false}};
  probe.core.start(probe.now);
  EXPECT_EQ(probe.events(), (Lines{"ready"}));
  EXPECT_EQ(probe.output(), "");
}

TEST(Yamux, speaks_as_the_client_of_the_dialogue) {
  const YamuxDialogue dialogue;
  YamuxProbe client;
  client.core.start(client.now);
  EXPECT_EQ(client.output(), dialogue.ping);
  client.feed(dialogue.ping_answer);
  const MuxChannel first = client.open();
  const MuxChannel second = client.open();
  EXPECT_EQ(client.output(), without_blanks(dialogue.opens));
  EXPECT_EQ(client.core.write(second, bytes_of("bcdef"), client.now).size, 5U);
  EXPECT_EQ(client.core.write(first, bytes_of("abcde"), client.now).size, 5U);
  EXPECT_EQ(client.output(), without_blanks(dialogue.client_data));
  EXPECT_EQ(client.feed(dialogue.accepts), (Lines{"accepted 1", "accepted 3"}));
  EXPECT_EQ(client.feed(dialogue.echoes), (Lines{"data 3 6263646566", "data 1 6162636465"}));
  EXPECT_FALSE(client.core.finish(first, client.now));
  EXPECT_FALSE(client.core.finish(second, client.now));
  client.core.go_away(client.now);
  EXPECT_EQ(client.output(), without_blanks(dialogue.client_ends));
  EXPECT_EQ(client.feed(dialogue.server_ends), (Lines{"finished 3", "closed 3", "finished 1", "closed 1"}));
  EXPECT_EQ(client.core.channel_count(), 0U);
}

TEST(Yamux, speaks_as_the_server_of_the_dialogue) {
  const YamuxDialogue dialogue;
  YamuxProbe server = ready_yamux(MuxRole::server, {.handshake_ping = false});
  EXPECT_EQ(server.feed(dialogue.ping), Lines{});
  EXPECT_EQ(server.output(), dialogue.ping_answer);
  EXPECT_EQ(server.feed(dialogue.opens), (Lines{"opened 1", "opened 3"}));
  server.core.accept(server.channels[1], server.now);
  server.core.accept(server.channels[3], server.now);
  EXPECT_EQ(server.output(), without_blanks(dialogue.accepts));
  EXPECT_EQ(server.feed(dialogue.client_data), (Lines{"data 3 6263646566", "data 1 6162636465"}));
  server.core.write(server.channels[3], bytes_of("bcdef"), server.now);
  server.core.write(server.channels[1], bytes_of("abcde"), server.now);
  EXPECT_EQ(server.output(), without_blanks(dialogue.echoes));
  EXPECT_EQ(server.feed(dialogue.client_ends), (Lines{"finished 1", "finished 3", "going_away"}));
  EXPECT_EQ(server.core.open(server.now).code, error::going_away);
  server.core.finish(server.channels[3], server.now);
  server.core.finish(server.channels[1], server.now);
  EXPECT_EQ(server.output(), without_blanks(dialogue.server_ends));
  EXPECT_EQ(server.events(), (Lines{"closed 3", "closed 1"}));
}

TEST(Yamux, reads_the_same_however_the_bytes_are_cut) {
  const YamuxDialogue dialogue;
  for (std::size_t size = 1; size < 30; ++size) {
    YamuxProbe server = ready_yamux(MuxRole::server, {.handshake_ping = false});
    EXPECT_EQ(server.feed(dialogue.opens, size), (Lines{"opened 1", "opened 3"}));
    std::string payload;
    for (const std::string& line : server.feed(dialogue.client_data, size)) payload += line.substr(7);
    EXPECT_EQ(payload, "62636465666162636465");
    EXPECT_EQ(server.feed(dialogue.client_ends, size), (Lines{"finished 1", "finished 3", "going_away"}));
  }
}

TEST(Yamux, takes_a_channel_that_is_opened_written_and_finished_in_one_frame) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  EXPECT_EQ(server.feed("000000050000000100000002 6869"), (Lines{"opened 1", "data 1 6869", "finished 1"}));
  server.core.write(server.channels[1], bytes_of("hi"), server.now);
  EXPECT_EQ(server.output(), without_blanks("000100020000000100000000 000000000000000100000002 6869"));
  server.core.finish(server.channels[1], server.now);
  EXPECT_EQ(server.output(), "000100040000000100000000");
  EXPECT_EQ(server.events(), (Lines{"closed 1"}));
  EXPECT_EQ(server.core.unread_size(), 2U) << "closed, and still unread";
  server.core.consume(server.channels[1], 2, server.now);
  EXPECT_EQ(server.core.unread_size(), 0U);
}

TEST(Yamux, grants_a_header_and_leaves_the_payload_to_the_caller) {
  YamuxProbe client = ready_yamux();
  const MuxChannel channel = client.open();
  const auto grant = client.core.reserve(channel, 5, true, client.now);
  EXPECT_EQ(grant.size, 5U);
  EXPECT_TRUE(grant.is_finished);
  EXPECT_EQ(to_hex(grant.header()), "000000040000000100000005");
  EXPECT_EQ(client.output(), "000100010000000100000000") << "the opening, and nothing of the payload";
  EXPECT_EQ(client.core.reserve(channel, 1, false, client.now).code, error::send_ended);
}

TEST(Yamux, takes_any_frame_for_the_acceptance_of_a_channel) {
  for (const std::string& frame : {data_text(1, "x"), window_text(0, 1, 1), window_text(4, 1, 0)}) {
    YamuxProbe client = ready_yamux();
    client.open();
    EXPECT_EQ(client.feed(frame).at(0), "accepted 1");
  }
}

TEST(Yamux, tells_a_refusal_from_a_reset) {
  YamuxProbe client = ready_yamux();
  client.open();
  EXPECT_EQ(client.feed("000100080000000100000000"), (Lines{"reset 1", "closed 1"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::channel_refused);
  client.open();
  EXPECT_EQ(client.feed("000100020000000300000000 000100080000000300000000"),
            (Lines{"accepted 3", "reset 3", "closed 3"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::channel_reset);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::closed], "the peer has reset channel 3");
}

TEST(Yamux, forgets_unread_bytes_of_a_channel_that_is_reset) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.feed(window_text(1, 1, 0) + data_text(1, "abc"));
  EXPECT_EQ(server.core.unread_size(), 3U);
  server.feed("000100080000000100000000");
  EXPECT_EQ(server.core.unread_size(), 0U);
  server.core.consume(server.channels[1], 3, server.now);
  EXPECT_EQ(server.core.unread_size(), 0U);
}

TEST(Yamux, fails_writes_to_a_channel_that_was_reset_at_once) {
  YamuxProbe client = ready_yamux();
  const MuxChannel channel = client.open();
  client.feed("000100080000000100000000");
  EXPECT_TRUE(client.core.write(channel, bytes_of("x"), client.now).code);
  EXPECT_TRUE(client.core.finish(channel, client.now));
}

TEST(Yamux, skips_what_was_on_its_way_when_a_channel_was_reset) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.feed(window_text(1, 1, 0));
  server.core.reset(server.channels[1], server.now);
  EXPECT_EQ(server.output(), "000100080000000100000000");
  EXPECT_EQ(server.events(), (Lines{"closed 1"}));
  EXPECT_EQ(server.feed(data_text(1, "late", 4) + data_text(1, "later") + window_text(1, 3, 0)), (Lines{"opened 3"}));
  EXPECT_EQ(server.core.counters().strays, 2U);
}

TEST(Yamux, goes_on_behind_a_payload_whose_channel_is_reset_in_its_middle) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.feed(window_text(1, 1, 0));
  server.feed(data_text(1, "abcdef", 4).substr(0, 28));
  server.core.reset(server.channels[1], server.now);
  EXPECT_EQ(server.feed("63646566" + window_text(1, 3, 0)), (Lines{"closed 1", "opened 3"}));
}

TEST(Yamux, drops_what_comes_for_a_channel_that_the_application_has_closed) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.feed(window_text(1, 1, 0) + data_text(1, "abc"));
  server.core.close(server.channels[1], server.now);
  EXPECT_EQ(server.core.unread_size(), 0U);
  EXPECT_EQ(server.feed(data_text(1, "def")), Lines{});
  EXPECT_EQ(server.feed(window_text(4, 1, 0)), (Lines{"finished 1", "closed 1"}));
  EXPECT_FALSE(server.codes[MuxEvent::Kind::closed]);
}

TEST(Yamux, gives_credit_for_half_a_window) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.window_max = wire::yamux_window});
  server.feed(window_text(1, 1, 0));
  server.core.accept(server.channels[1], server.now);
  (void)server.output();
  const std::string bytes(262144, 'x');
  server.feed(data_text(1, bytes));
  server.core.consume(server.channels[1], 131071, server.now);
  EXPECT_EQ(server.output(), "");
  server.core.consume(server.channels[1], 1, server.now);
  EXPECT_EQ(server.output(), "000100000000000100020000");
}

TEST(Yamux, asks_for_the_round_trip_four_times_before_a_window_grows) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.handshake_ping = false});
  server.feed(window_text(1, 1, 0));
  server.core.accept(server.channels[1], server.now);
  const std::string bytes(wire::yamux_window, 'x');
  for (std::uint32_t answers = 0; answers < 5; ++answers) {
    (void)server.output();
    server.feed(data_text(1, bytes));
    server.core.consume(server.channels[1], bytes.size(), server.now);
    const std::string ping = window_text(1, 0, answers, YamuxType::ping);
    EXPECT_EQ(server.output().find(ping) != std::string::npos, answers < 4) << answers;
    EXPECT_EQ(server.core.window_size(server.channels[1]) > wire::yamux_window, answers >= 4) << answers;
    server.now += 5ms;
    server.feed(window_text(2, 0, answers, YamuxType::ping));
  }
}

TEST(Yamux, announces_larger_windows_where_channels_begin) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.window_initial = 512 * limits::kib});
  client.open();
  EXPECT_EQ(client.output(), "000100010000000100040000");
  YamuxProbe server = ready_yamux(MuxRole::server, {.window_initial = 1 * limits::mib});
  server.feed("000100010000000100040000");
  server.core.accept(server.channels[1], server.now);
  EXPECT_EQ(server.output(), "0001000200000001000c0000");
  const std::string bytes(600'000, 'x');
  std::size_t granted = 0;
  for (auto grant = server.core.reserve(server.channels[1], bytes.size(), false, server.now); grant.size != 0;
       grant = server.core.reserve(server.channels[1], bytes.size() - granted, false, server.now)) {
    granted += grant.size;
    if (server.core.has_turn()) (void)server.core.next_turn();
  }
  EXPECT_EQ(granted, 524288U);
}

TEST(Yamux, stops_at_the_window_and_goes_on_when_it_grows) {
  YamuxProbe client = ready_yamux();
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  std::size_t sent = 0;
  const std::string bytes(300'000, 'x');
  do {
    sent += client.core.write(channel, bytes_of(bytes).subspan(sent), client.now).size;
    (void)client.output();
  } while (client.core.next_turn());
  EXPECT_EQ(sent, 262144U);
  EXPECT_EQ(client.feed(window_text(0, 1, 10)), (Lines{"window_grew 1"}));
  EXPECT_EQ(client.core.next_turn(), channel);
  EXPECT_EQ(client.core.write(channel, bytes_of(bytes).subspan(sent), client.now).size, 10U);
  EXPECT_FALSE(client.core.next_turn());
}

TEST(Yamux, numbers_may_be_chosen_upwards) {
  YamuxProbe client = ready_yamux();
  EXPECT_EQ(client.core.open(client.now, 7).id, 7U);
  EXPECT_EQ(client.core.open(client.now).id, 9U);
  EXPECT_THROW(client.core.open(client.now, 7), std::invalid_argument);
  EXPECT_THROW(client.core.open(client.now, 10), std::invalid_argument);
  EXPECT_EQ(client.core.open(client.now, 0xffff'ffff).id, 0xffff'ffff);
  EXPECT_EQ(client.core.open(client.now).code, error::channels_exhausted);
}

TEST(Yamux, opens_no_more_than_the_peer_has_to_keep_waiting) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.unacknowledged_max = 2});
  client.open();
  client.open();
  EXPECT_EQ(client.core.open(client.now).code, error::full);
  client.feed(window_text(2, 3, 0));
  EXPECT_FALSE(client.core.open(client.now).code);
}

TEST(Yamux, answers_pings_and_measures_its_own) {
  YamuxProbe client = ready_yamux();
  client.feed("000200010000000000001234");
  EXPECT_EQ(client.output(), "000200020000000000001234");
  EXPECT_FALSE(client.core.ping(7, client.now));
  EXPECT_EQ(client.output(), "000200010000000000000007");
  client.now += 5ms;
  EXPECT_EQ(client.feed("000200020000000000000008 000200020000000000000007"), (Lines{"pong 7"}));
  EXPECT_EQ(client.round_trip, 5ms);
  for (std::uint32_t i = 0; i < 16; ++i) EXPECT_FALSE(client.core.ping(i, client.now));
  EXPECT_EQ(client.core.ping(16, client.now), error::full);
}

TEST(Yamux, refuses_new_channels_while_going_away) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.core.go_away(server.now);
  server.core.go_away(server.now);
  EXPECT_EQ(server.output(), "000300000000000000000000");
  EXPECT_EQ(server.feed(window_text(1, 1, 0)), Lines{});
  EXPECT_EQ(server.output(), "000100080000000100000000");
  EXPECT_FALSE(server.core.open(server.now).code) << "who has said it may still open";
}

TEST(Yamux, ends_all_channels_with_the_session_and_each_once) {
  YamuxProbe client = ready_yamux();
  const MuxChannel first = client.open();
  client.open();
  client.feed(data_text(1, "abc"));
  client.core.stream_ended({}, client.now);
  EXPECT_EQ(client.events(), (Lines{"ended", "closed 1", "closed 3"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::closed);
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::session_ended);
  EXPECT_EQ(client.core.write(first, bytes_of("x"), client.now).code, error::session_ended);
  EXPECT_EQ(client.core.unread_size(), 3U) << "what had come may still be read";
  client.core.consume(first, 3, client.now);
  EXPECT_EQ(client.core.unread_size(), 0U);
  EXPECT_FALSE(client.core.next_deadline());
}

TEST(Yamux, a_stream_that_ends_inside_a_frame_is_truncated) {
  YamuxProbe client = ready_yamux();
  client.feed("0001");
  client.core.stream_ended({}, client.now);
  EXPECT_EQ(client.events(), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::truncated);
}

TEST(Yamux, hears_why_the_peer_has_ended_the_session) {
  YamuxProbe client = ready_yamux();
  client.open();
  EXPECT_EQ(client.feed("000300000000000000000001"), (Lines{"ended", "closed 1"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::ended_by_peer);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::ended], "the peer has ended the session with code 1, a protocol error");
}

TEST(Yamux, a_stranger_is_known_by_the_first_byte) {
  YamuxProbe server{MuxRole::server};
  server.core.start(server.now);
  EXPECT_EQ(server.feed("47"), (Lines{"ended"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::handshake_failed);
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended], "the peer does not speak yamux: version 71 in place of 0");
}

// --- turns -----------------------------------------------------------------------------------------------------------

TEST(Yamux, writers_take_turns_by_a_quantum) {
  YamuxProbe client = ready_yamux();
  const MuxChannel bulk = client.open();
  const MuxChannel other = client.open();
  const MuxChannel small = client.open();
  EXPECT_EQ(client.core.reserve(bulk, 200'000, false, client.now).size, 64U * 1024);
  EXPECT_EQ(client.core.reserve(other, 200'000, false, client.now).size, 0U) << "another waits already";
  EXPECT_EQ(client.core.reserve(small, 100, false, client.now).size, 0U);
  EXPECT_EQ(client.core.next_turn(), bulk);
  EXPECT_EQ(client.core.reserve(bulk, 130'000, false, client.now).size, 16U * 1024);
  EXPECT_EQ(client.core.next_turn(), other);
  EXPECT_EQ(client.core.reserve(other, 200'000, false, client.now).size, 16U * 1024);
  EXPECT_EQ(client.core.next_turn(), small);
  EXPECT_EQ(client.core.reserve(small, 100, false, client.now).size, 100U);
  EXPECT_EQ(client.core.next_turn(), bulk);
}

/// Two channels that want their turns, in this order.
struct TwoInTurn {
  TwoInTurn() {
    core.want_turn(first);
    core.want_turn(second);
  }

  YamuxProbe client = ready_yamux();
  Yamux& core = client.core;
  const MuxChannel first = client.open();
  const MuxChannel second = client.open();
};

TEST(Yamux, a_turn_that_is_not_used_goes_to_the_next) {
  TwoInTurn two;
  two.core.want_turn(two.first);
  EXPECT_EQ(two.core.next_turn(), two.first);
  EXPECT_EQ(two.core.next_turn(), two.second);
  EXPECT_FALSE(two.core.next_turn());
}

TEST(Yamux, who_was_named_may_write_a_quantum_though_others_were_named_since) {
  TwoInTurn two;
  const MuxChannel third = two.client.open();
  EXPECT_EQ(two.core.next_turn(), two.first);
  EXPECT_EQ(two.core.next_turn(), two.second);
  EXPECT_EQ(two.core.reserve(two.second, 10'000, false, two.client.now).size, 10'000U);
  two.core.want_turn(third);
  EXPECT_EQ(two.core.reserve(two.first, 100'000, false, two.client.now).size, 16U * 1024);
  EXPECT_EQ(two.core.reserve(two.first, 100'000, false, two.client.now).size, 0U) << "once";
  EXPECT_EQ(two.core.next_turn(), third);
}

TEST(Yamux, a_channel_that_has_finished_has_no_turn) {
  TwoInTurn two;
  two.core.finish(two.first, two.client.now);
  EXPECT_EQ(two.core.next_turn(), two.second);
  EXPECT_FALSE(two.core.has_turn());
}

TEST(Yamux, keeps_no_more_output_than_its_mark) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.output_high_water_size = 1000});
  const MuxChannel channel = client.open();
  const std::string bytes(100'000, 'x');
  EXPECT_EQ(client.core.write(channel, bytes_of(bytes), client.now).size, 65536U);
  EXPECT_EQ(client.core.write(channel, bytes_of(bytes), client.now).size, 0U);
  EXPECT_FALSE(client.core.next_turn()) << "there is no room";
  (void)client.output();
  EXPECT_EQ(client.core.next_turn(), channel);
}

TEST(Yamux, a_write_that_finds_no_room_says_whether_there_will_ever_be_some) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.output_high_water_size = 10});
  const MuxChannel over = client.open();
  const MuxChannel finished = client.open();
  client.feed(window_text(8, 1, 0));
  client.core.finish(finished, client.now);
  EXPECT_EQ(client.core.write(over, bytes_of("x"), client.now).code, error::closed);
  EXPECT_EQ(client.core.write(finished, bytes_of("x"), client.now).code, error::send_ended);
  EXPECT_FALSE(client.core.has_turn());
}

// --- deadlines -------------------------------------------------------------------------------------------------------

TEST(Yamux, gives_up_on_a_peer_that_does_not_answer_the_first_ping) {
  YamuxProbe client;
  client.core.start(client.now);
  EXPECT_EQ(client.core.next_deadline(), client.now + 10s);
  EXPECT_EQ(client.pass(10s), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::timed_out);
}

TEST(Yamux, believes_a_peer_that_talks_before_it_answers) {
  YamuxProbe server{MuxRole::server};
  server.core.start(server.now);
  server.feed(window_text(1, 1, 0));
  EXPECT_EQ(server.pass(10s), (Lines{"ready"}));
}

TEST(Yamux, resets_a_channel_that_the_peer_does_not_answer) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  client.open();
  client.pass(1s);
  client.open();
  (void)client.output();
  EXPECT_EQ(client.core.next_deadline(), client.now + 74s);
  EXPECT_EQ(client.pass(74s), (Lines{"closed 1"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::timed_out);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::closed], "the peer has not answered the opening of channel 1 for 75 s");
  EXPECT_EQ(client.output(), "000100080000000100000000");
  client.feed(window_text(2, 3, 0));
  EXPECT_FALSE(client.core.next_deadline());
}

TEST(Yamux, resets_a_closed_channel_that_the_peer_does_not_finish) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  client.core.close(channel, client.now);
  (void)client.output();
  EXPECT_EQ(client.core.next_deadline(), client.now + 5min);
  EXPECT_EQ(client.pass(5min), (Lines{"closed 1"}));
  EXPECT_EQ(client.sentences[MuxEvent::Kind::closed],
            "the peer has not finished channel 1 within 300 s of its closing");
}

TEST(Yamux, resets_a_closed_channel_sooner_if_the_peer_goes_on_sending) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  client.core.close(channel, client.now);
  (void)client.output();
  client.now += 9s;
  EXPECT_EQ(client.feed(data_text(1, "on its way")), Lines{});
  client.now += 1s;
  EXPECT_EQ(client.events(), Lines{}) << "who is silent has all the time there is";
  EXPECT_EQ(client.core.next_deadline(), client.now - 10s + 5min);
  EXPECT_EQ(client.output(), "");
  EXPECT_EQ(client.feed(data_text(1, "and on")), (Lines{"closed 1"}));
  EXPECT_EQ(client.output(), "000100080000000100000000");
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::timed_out);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::closed], "the peer still sent on channel 1 10 s after its closing");
  EXPECT_EQ(client.feed(data_text(1, "and on")), Lines{});
}

TEST(Yamux, a_closed_channel_may_end_late) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  client.core.close(channel, client.now);
  client.now += 1min;
  EXPECT_EQ(client.feed(data_text(1, "last words", 4)), (Lines{"finished 1", "closed 1"}));
  EXPECT_FALSE(client.codes[MuxEvent::Kind::closed]);
}

TEST(Yamux, half_closing_has_no_limit_in_time) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  client.core.finish(channel, client.now);
  EXPECT_FALSE(client.core.next_deadline());
}

TEST(Yamux, resets_a_writer_whose_peer_grants_no_window) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.stall_time_max = 3s, .keep_alive_interval = 0s});
  const MuxChannel channel = client.open();
  client.feed(window_text(2, 1, 0));
  while (client.core.reserve(channel, 300'000, false, client.now).size != 0) (void)client.core.next_turn();
  EXPECT_EQ(client.pass(2s), Lines{});
  EXPECT_EQ(client.feed(window_text(0, 1, 1)), (Lines{"window_grew 1"}));
  (void)client.core.next_turn();
  while (client.core.reserve(channel, 300'000, false, client.now).size != 0) (void)client.core.next_turn();
  EXPECT_EQ(client.pass(2s), Lines{}) << "it had got some meanwhile";
  EXPECT_EQ(client.pass(1s), (Lines{"closed 1"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::closed], error::peer_too_slow);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::closed], "the peer has granted no window on channel 1 for 3 s");
}

TEST(Yamux, pings_a_silent_peer_and_gives_it_up) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_jitter = 0});
  EXPECT_EQ(client.core.next_deadline(), client.now + 30s);
  client.pass(30s);
  EXPECT_EQ(client.output(), "000200010000000000000001");
  EXPECT_EQ(client.core.next_deadline(), client.now + 10s);
  client.feed("000200020000000000000001");
  EXPECT_EQ(client.core.next_deadline(), client.now + 30s);
  client.pass(30s);
  EXPECT_EQ(client.pass(10s), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::peer_silent);
  EXPECT_EQ(client.sentences[MuxEvent::Kind::ended], "nothing has come from the peer for 40 s");
}

TEST(Yamux, is_patient_while_its_ping_is_on_its_way) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_jitter = 0});
  client.core.note_delivery(1'000, 500'000, client.now);
  client.pass(30s);
  client.core.note_delivery(100'000, 400'012, client.now);
  EXPECT_EQ(client.core.next_deadline(), client.now + 10s);
  client.now += 9s;
  client.core.note_delivery(300'000, 200'012, client.now);
  EXPECT_EQ(client.core.next_deadline(), client.now + 10s);
  client.now += 9s;
  client.core.note_delivery(500'012, 0, client.now);
  EXPECT_EQ(client.core.next_deadline(), client.now + 10s) << "it may have arrived just now";
  client.now += 9s;
  client.core.note_delivery(500'112, 0, client.now);
  EXPECT_EQ(client.pass(1s), (Lines{"ended"})) << "that there is more to send, and it goes, is no sign of life";
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::peer_silent);
}

TEST(Yamux, gives_up_a_peer_that_takes_nothing) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_jitter = 0});
  client.core.note_delivery(1'000, 500'000, client.now);
  client.pass(30s);
  client.core.note_delivery(1'000, 500'012, client.now);
  client.now += 9s;
  client.core.note_delivery(1'000, 500'012, client.now);
  EXPECT_EQ(client.pass(1s), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::peer_silent);
}

TEST(Yamux, gives_up_a_peer_that_takes_nothing_though_more_is_written) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_jitter = 0});
  client.core.note_delivery(1'000, 500, client.now);
  client.pass(30s);
  client.core.note_delivery(1'000, 512, client.now);
  client.now += 9s;
  client.core.note_delivery(1'000 - 22, 634, client.now);  // 100 bytes more, and 22 of what TLS adds to them
  EXPECT_EQ(client.pass(1s), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::peer_silent);
}

TEST(Yamux, does_not_ping_a_peer_that_talks) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_jitter = 0});
  for (int i = 0; i < 10; ++i) {
    client.pass(20s);
    EXPECT_EQ(client.output(), "");
    client.feed("000200020000000000001234");
  }
}

TEST(Yamux, keep_alive_varies_by_the_jitter) {
  std::set<TimePoint> deadlines;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Yamux core{MuxRole::client, {.handshake_ping = false, .keep_alive_jitter = 0.5}, seed};
    core.start(TimePoint{});
    const auto deadline = core.next_deadline().value();
    EXPECT_GE(deadline, TimePoint{15s});
    EXPECT_LE(deadline, TimePoint{45s});
    deadlines.insert(deadline);
  }
  EXPECT_GT(deadlines.size(), 10U);
}

TEST(Yamux, a_frame_may_not_stop_in_its_middle) {
  YamuxProbe client = ready_yamux(MuxRole::client, {.keep_alive_interval = 0s});
  client.feed("000000");
  EXPECT_EQ(client.core.next_deadline(), client.now + 30s);
  EXPECT_EQ(client.pass(30s), (Lines{"ended"}));
  EXPECT_EQ(client.codes[MuxEvent::Kind::ended], error::timed_out);
}

TEST(Yamux, a_peer_that_is_not_read_is_not_silent) {
  YamuxProbe client = ready_yamux();
  client.feed("000000");
  client.core.set_reading(false, client.now);
  EXPECT_EQ(client.pass(1h), Lines{});
  client.core.set_reading(true, client.now);
  EXPECT_EQ(client.core.next_deadline().value() > client.now, true);
}

// --- peers that break the protocol, or a limit -----------------------------------------------------------------------

struct YamuxViolation {
  const char* name;
  std::string input;
  error code;
  const char* sentence;
};

class YamuxViolations : public ::testing::TestWithParam<YamuxViolation> {};

TEST_P(YamuxViolations, end_the_session_with_its_name_and_tell_the_peer) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  server.feed(window_text(1, 1, 0));
  server.core.accept(server.channels[1], server.now);
  (void)server.output();
  const Lines lines = server.feed(GetParam().input);
  EXPECT_EQ(lines.at(lines.size() - 2), "ended");
  EXPECT_EQ(lines.back(), "closed 1");
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], GetParam().code);
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended], GetParam().sentence);
  EXPECT_EQ(server.output(), "000300000000000000000001");
}

INSTANTIATE_TEST_SUITE_P(
    Yamux, YamuxViolations,
    ::testing::Values(
        YamuxViolation{"version", "010000000000000100000000", error::malformed, "version 1 in place of 0"},
        YamuxViolation{"type", "000400000000000100000000", error::malformed, "a frame of type 4"},
        YamuxViolation{"opened_twice", window_text(1, 1, 0), error::malformed,
                       "the peer has opened channel 1 while it was open"},
        YamuxViolation{"parity", window_text(1, 2, 0), error::malformed,
                       "the peer has opened channel 2, a number of this side's"},
        YamuxViolation{"channel_0", window_text(1, 0, 0), error::malformed, "a frame of a channel without a number"},
        YamuxViolation{"data_on_channel_0", data_text(0, "x"), error::malformed,
                       "a frame of a channel without a number"},
        YamuxViolation{"window_exceeded", window_text(0, 1, 300000, YamuxType::data), error::window_exceeded,
                       "the peer sent 300000 bytes on channel 1 whose window was 262144"},
        YamuxViolation{"finished_twice", window_text(4, 1, 0) + window_text(4, 1, 0), error::malformed,
                       "the peer has finished channel 1 twice"},
        YamuxViolation{"data_behind_the_end", window_text(4, 1, 0) + data_text(1, "abc"), error::malformed,
                       "the peer sent 3 bytes on channel 1, which it had finished"},
        YamuxViolation{"window_overflow", window_text(0, 1, 0xffff'ffff), error::malformed,
                       "the peer has enlarged the window of channel 1, 262144 bytes, by 4294967295"}),
    [](const auto& tested) { return std::string{tested.param.name}; });

TEST(Yamux, tells_of_a_channel_whose_first_frame_ends_the_session) {
  YamuxProbe server = ready_yamux(MuxRole::server);
  EXPECT_EQ(server.feed(window_text(1, 1, 300'000, YamuxType::data)), (Lines{"opened 1", "ended", "closed 1"}));
}

TEST(Yamux, refuses_above_its_limits_and_cuts_who_goes_on) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.accept_backlog = 2, .resets_burst = 3, .resets_per_second = 1});
  server.feed(window_text(1, 1, 0) + window_text(1, 3, 0));
  for (std::uint32_t id = 5; id < 11; id += 2) {
    EXPECT_EQ(server.feed(window_text(1, id, 0)), Lines{});
    EXPECT_EQ(server.output(), window_text(8, id, 0));
  }
  EXPECT_EQ(server.feed(window_text(1, 11, 0)).at(0), "ended");
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::too_many_channels);
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended],
            "the peer went on opening channels, up to channel 11, with 2 open and 2 not accepted");
}

TEST(Yamux, cuts_who_opens_and_resets_without_end) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.resets_burst = 10, .resets_per_second = 10});
  std::uint32_t id = 1;
  for (int i = 0; i < 100; ++i, id += 2) {
    EXPECT_EQ(server.feed(window_text(1, id, 0) + window_text(8, id, 0)).size(), 3U) << "slowly it may";
    server.now += 100ms;
  }
  Lines last;
  for (int i = 0; i < 12 && (last.empty() || last.back() != "ended"); ++i, id += 2)
    last = server.feed(window_text(1, id, 0) + window_text(8, id, 0));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::too_many_resets);
}

TEST(Yamux, cuts_who_sends_for_channels_that_never_were) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.strays_max = 2});
  EXPECT_EQ(server.feed(data_text(99, "x") + data_text(98, "x")), Lines{});
  EXPECT_EQ(server.feed(data_text(99, "x")), (Lines{"ended"}));
  EXPECT_EQ(server.sentences[MuxEvent::Kind::ended],
            "3 frames for channels that were never opened, the last for channel 99");
}

TEST(Yamux, cuts_who_asks_and_does_not_read_the_answers) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.answers_size_max = 120});
  for (int i = 0; i < 100; ++i) {
    server.feed("000200010000000000000000");
    EXPECT_EQ(server.output(), "000200020000000000000000") << "who reads may ask";
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.feed("000200010000000000000000"), Lines{});
  EXPECT_EQ(server.feed("000200010000000000000000"), (Lines{"ended"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::flooded);
}

TEST(Yamux, cuts_who_opens_and_finishes_and_does_not_read_the_answers) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.answers_size_max = 120});
  std::uint32_t id = 1;
  for (; id < 200 && !server.codes.contains(MuxEvent::Kind::ended); id += 2) {
    server.feed(window_text(1 | 4, id, 0));
    server.core.close(server.channels[id], server.now);
    (void)server.events();
  }
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::flooded);
  EXPECT_EQ(id, 23U) << "eleven acknowledgements are too many";
  EXPECT_LE(server.core.next_output().size(), 300U);
}

TEST(Yamux, cuts_who_sends_more_than_may_be_unread) {
  YamuxProbe server = ready_yamux(MuxRole::server, {.unread_size_max = 10});
  server.feed(window_text(1, 1, 0) + data_text(1, "12345"));
  server.core.consume(server.channels[1], 1, server.now);
  server.feed(data_text(1, "123456"));
  EXPECT_EQ(server.core.unread_size(), 10U);
  EXPECT_EQ(server.feed(data_text(1, "1")), (Lines{"ended", "closed 1"}));
  EXPECT_EQ(server.codes[MuxEvent::Kind::ended], error::unread_limit);
}

}  // namespace
}  // namespace parley::test
