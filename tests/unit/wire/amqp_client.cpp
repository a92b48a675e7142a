#include "wire/amqp_client.hpp"

#include "support/amqp_link.hpp"

#include <parley/error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace parley::test::amqp_client_tests {
namespace {

using namespace wire;
using namespace std::chrono_literals;
using Kind = AmqpEvent::Kind;

/// The last method that was heard, if it is the one expected.
template <class Method>
Method last(const std::vector<AmqpHeard>& heard) {
  const AmqpMethodRead read = heard.empty() ? AmqpMethodRead{} : heard.back().method();
  EXPECT_TRUE(std::holds_alternative<Method>(read.method)) << read.id.name;
  return std::holds_alternative<Method>(read.method) ? std::get<Method>(read.method) : Method{};
}

// --- beginning -------------------------------------------------------------------------------------------------------

TEST(AmqpClient, logs_in_and_keeps_to_the_lesser_limits) {
  AmqpLink link;
  link.client.start(link.now);
  EXPECT_EQ(link.output(), (std::string{"AMQP\0\0\x09\x01", 8}));
  EXPECT_FALSE(link.after(from_hex(amqp_start)));
  std::vector<AmqpHeard> heard = link.heard();
  const auto login = last<amqp::ConnectionStartOk>(heard);
  EXPECT_EQ(login.mechanism, "PLAIN");
  EXPECT_EQ(login.response.text, (std::string_view{"\0guest\0guest", 12}));
  const auto capabilities = AmqpTableReader::find(login.client_properties, "capabilities");
  ASSERT_TRUE(capabilities);
  for (const char* const each : {"publisher_confirms", "consumer_cancel_notify", "connection.blocked",
                                 "authentication_failure_close", "basic.nack"}) {
    EXPECT_TRUE(AmqpTableReader::find(capabilities->table(), each)->is_true()) << each;
  }

  EXPECT_FALSE(link.after(0, amqp::ConnectionTune{100, 8192, 60}));
  heard = link.heard();
  ASSERT_EQ(heard.size(), 2U);
  const auto tune_ok = std::get<amqp::ConnectionTuneOk>(heard[0].method().method);
  EXPECT_EQ(tune_ok.channel_max, 100);
  EXPECT_EQ(tune_ok.frame_size_max, 8192U);
  EXPECT_EQ(tune_ok.heartbeat, 20);
  EXPECT_EQ(last<amqp::ConnectionOpen>(heard).virtual_host, "/");

  const AmqpEvent opened = link.after(0, amqp::ConnectionOpenOk{});
  EXPECT_EQ(opened.kind, Kind::opened);
  EXPECT_EQ(opened.sentence, "RabbitMQ 3.10.8");
  EXPECT_TRUE(link.client.is_open());
  EXPECT_EQ(link.client.channels_max(), 100);
  EXPECT_EQ(link.client.heartbeat(), 20s);
}

TEST(AmqpClient, takes_what_a_broker_without_limits_leaves_it) {
  AmqpLink link;
  link.open({0, 0, 0});
  EXPECT_EQ(link.client.channels_max(), 2047);
  EXPECT_EQ(link.client.frame_size_max(), 131'072U);
  EXPECT_EQ(link.client.heartbeat(), 20s);
}

TEST(AmqpClient, without_heartbeats_has_no_deadline) {
  AmqpClient::Settings settings;
  settings.heartbeat = 0s;
  AmqpLink link{settings};
  link.open({0, 0, 60});
  EXPECT_EQ(link.client.heartbeat(), 0s);
  EXPECT_EQ(link.client.next_deadline(), std::nullopt);
}

TEST(AmqpClient, refuses_settings_that_cannot_be_sent) {
  const auto with = [](auto change) {
    AmqpClient::Settings settings;
    change(settings);
    AmqpLink link{settings};
  };
  EXPECT_THROW(with([](auto& s) { s.user = std::string(3000, 'a'); }), std::invalid_argument);
  EXPECT_THROW(with([](auto& s) { s.password = std::string("a\0b", 3); }), std::invalid_argument);
  EXPECT_THROW(with([](auto& s) { s.virtual_host = std::string(256, 'a'); }), std::invalid_argument);
  EXPECT_THROW(with([](auto& s) { s.frame_size_max = 4095; }), std::invalid_argument);
  EXPECT_THROW(with([](auto& s) { s.heartbeat = 65'536s; }), std::invalid_argument);
  EXPECT_THROW(with([](auto& s) { s.channels_max = 0; }), std::invalid_argument);
}

TEST(AmqpClient, tells_which_version_a_broker_speaks_instead) {
  AmqpLink link;
  link.client.start(link.now);
  EXPECT_FALSE(link.after("AMQP"));
  const AmqpEvent event = link.after(std::string{"\0\1\0\0", 4});
  EXPECT_EQ(event.kind, Kind::failed);
  EXPECT_EQ(event.code, error::handshake_failed);
  EXPECT_EQ(event.sentence, "the broker does not speak AMQP 0-9-1, but 1-0-0");
}

TEST(AmqpClient, tells_that_a_broker_is_none) {
  AmqpLink link;
  link.client.start(link.now);
  const AmqpEvent event = link.after("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(event.code, error::handshake_failed);
  EXPECT_EQ(link.output().size(), 8U) << "nothing but the protocol header was said";
}

TEST(AmqpClient, tells_that_a_login_is_refused) {
  AmqpLink link;
  link.client.start(link.now);
  link.say(from_hex(amqp_start));
  const AmqpEvent event = link.after(0, amqp::ConnectionClose{403, "ACCESS_REFUSED - no", 10, 11});
  EXPECT_EQ(event.kind, Kind::closed_by_peer);
  EXPECT_EQ(event.code, error::refused_by_peer);
  EXPECT_EQ(event.reply_code, 403);
  EXPECT_EQ(event.sentence, "the broker does not let this side in: 403 ACCESS_REFUSED - no");
  EXPECT_EQ(link.heard_text(), "0 connection.start-ok, 0 connection.close-ok");
}

TEST(AmqpClient, fails_when_the_broker_leaves_during_the_handshake) {
  AmqpLink link;
  link.client.start(link.now);
  link.say(from_hex(amqp_start));
  link.client.stream_ended();
  const AmqpEvent event = link.next();
  EXPECT_EQ(event.kind, Kind::failed);
  EXPECT_EQ(event.code, error::handshake_failed);
  EXPECT_FALSE(link.next());
}

TEST(AmqpClient, does_not_wait_for_ever_to_be_let_in) {
  AmqpLink link;
  link.client.start(link.now);
  ASSERT_EQ(link.client.next_deadline(), link.now + 10s);
  link.client.expire(link.now + 9s);
  EXPECT_FALSE(link.next());
  link.client.expire(link.now + 10s);
  const AmqpEvent event = link.next();
  EXPECT_EQ(event.code, error::timed_out);
  EXPECT_EQ(event.sentence, "the broker has not let this side in within 10000 ms");
}

TEST(AmqpClient, refuses_a_handshake_out_of_order) {
  const auto first = [](const AmqpMethod& method) {
    AmqpLink link;
    link.client.start(link.now);
    return link.after(0, method).code;
  };
  EXPECT_EQ(first(amqp::ConnectionTune{}), error::malformed);
  EXPECT_EQ(first(amqp::ConnectionOpenOk{}), error::malformed);
  EXPECT_EQ(first(amqp::ConnectionCloseOk{}), error::malformed);
  EXPECT_EQ(first(amqp::QueueDeclareOk{}), error::malformed);
  EXPECT_EQ(first(amqp::ConnectionStart{0, 8, {}, {"PLAIN"}, {"en_US"}}), error::handshake_failed);
  EXPECT_EQ(first(amqp::ConnectionStart{0, 9, {}, {"PLAINER AMQPLAIN"}, {"en_US"}}), error::handshake_failed);
  AmqpLink link;
  link.client.start(link.now);
  link.say(from_hex(amqp_start));
  EXPECT_EQ(link.after(0, amqp::ConnectionTune{0, 4095, 0}).code, error::handshake_failed);
}

// --- commands --------------------------------------------------------------------------------------------------------

TEST(AmqpClient, answers_each_command_of_a_channel_in_its_turn) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.client.open_channel(1).channel;
  EXPECT_FALSE(link.client.declare_exchange(channel, 2, {.exchange = "e", .type = "direct"}));
  EXPECT_FALSE(link.client.declare_queue(channel, 3, {.is_exclusive = true}));
  EXPECT_FALSE(link.client.bind_queue(channel, 4, {.queue = "q", .exchange = "e", .routing_key = "k"}));
  EXPECT_EQ(link.client.unanswered_count(), 4U);
  EXPECT_EQ(link.heard_text(), "1 channel.open");

  AmqpEvent event = link.after(1, amqp::ChannelOpenOk{});
  EXPECT_EQ(event.kind, Kind::channel_opened);
  EXPECT_EQ(event.token, 1U);
  EXPECT_EQ(link.heard_text(), "1 exchange.declare");

  event = link.after(1, amqp::ExchangeDeclareOk{});
  EXPECT_EQ(event.kind, Kind::done);
  EXPECT_EQ(event.token, 2U);
  EXPECT_EQ(link.heard_text(), "1 queue.declare");

  event = link.after(1, amqp::QueueDeclareOk{"amq.gen-1", 5, 6});
  EXPECT_EQ(event.token, 3U);
  EXPECT_EQ(event.channel, channel);
  EXPECT_EQ(event.name, "amq.gen-1");
  EXPECT_EQ(event.message_count, 5U);
  EXPECT_EQ(event.consumer_count, 6U);
  EXPECT_EQ(link.heard_text(), "1 queue.bind");

  EXPECT_EQ(link.after(1, amqp::QueueBindOk{}).token, 4U);
  EXPECT_EQ(link.client.unanswered_count(), 0U);
}

TEST(AmqpClient, tells_what_comes_of_the_other_commands) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.qos(channel, 1, 10));
  EXPECT_EQ(link.after(1, amqp::BasicQosOk{}).token, 1U);
  EXPECT_FALSE(link.client.consume(channel, 2, {.queue = "q", .no_ack = true}));
  EXPECT_EQ(link.after(1, amqp::BasicConsumeOk{"amq.ctag-1"}).name, "amq.ctag-1");
  EXPECT_FALSE(link.client.purge_queue(channel, 3, "q"));
  EXPECT_EQ(link.after(1, amqp::QueuePurgeOk{7}).message_count, 7U);
  EXPECT_FALSE(link.client.cancel(channel, 4, "amq.ctag-1"));
  EXPECT_EQ(link.after(1, amqp::BasicCancelOk{"amq.ctag-1"}).token, 4U);
  EXPECT_FALSE(link.client.delete_queue(channel, 5, {.queue = "q"}));
  EXPECT_EQ(link.after(1, amqp::QueueDeleteOk{8}).message_count, 8U);
  EXPECT_FALSE(link.client.confirm_select(channel, 6));
  EXPECT_EQ(link.after(1, amqp::ConfirmSelectOk{}).token, 6U);
  EXPECT_EQ(link.heard_text(),
            "1 basic.qos, 1 basic.consume, 1 queue.purge, 1 basic.cancel, 1 queue.delete, 1 confirm.select");
}

TEST(AmqpClient, wants_an_answer_to_each_command_whatever_the_caller_says) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.declare_queue(channel, 1, {.queue = "q", .no_wait = true}));
  EXPECT_FALSE(last<amqp::QueueDeclare>(link.heard()).no_wait);
}

TEST(AmqpClient, has_channels_that_do_not_wait_for_each_other) {
  AmqpLink link;
  link.open();
  const AmqpChannel first = link.open_channel();
  const AmqpChannel second = link.open_channel();
  EXPECT_FALSE(link.client.purge_queue(first, 1, "a"));
  EXPECT_FALSE(link.client.purge_queue(second, 2, "b"));
  EXPECT_EQ(link.heard_text(), "1 queue.purge, 2 queue.purge");
  EXPECT_EQ(link.after(2, amqp::QueuePurgeOk{}).channel, second);
  EXPECT_EQ(link.after(1, amqp::QueuePurgeOk{}).channel, first);
}

TEST(AmqpClient, sends_messages_and_acknowledgements_behind_the_commands_before_them) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.purge_queue(channel, 1, "q"));
  EXPECT_FALSE(link.client.publish(channel, {.routing_key = "q", .body = "hi"}).code);
  EXPECT_FALSE(link.client.ack(channel, 1));
  EXPECT_FALSE(link.client.purge_queue(channel, 2, "q"));
  EXPECT_EQ(link.heard_text(), "1 queue.purge");
  EXPECT_EQ(link.after(1, amqp::QueuePurgeOk{}).token, 1U);
  EXPECT_EQ(link.heard_text(), "1 basic.publish, 1 header, 1 body 2, 1 basic.ack, 1 queue.purge");
}

TEST(AmqpClient, answers_the_commands_of_a_channel_that_the_broker_closes) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.purge_queue(channel, 1, "q"));
  EXPECT_FALSE(link.client.publish(channel, {.body = "never sent"}).code);
  EXPECT_FALSE(link.client.purge_queue(channel, 2, "q"));
  (void)link.output();
  link.say(1, amqp::ChannelClose{404, "NOT_FOUND - no queue 'q'", 50, 30});
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].token, 1U);
  EXPECT_EQ(events[0].code, error::refused_by_peer);
  EXPECT_EQ(events[0].reply_code, 404);
  EXPECT_EQ(events[0].sentence, "the broker has closed channel 1: 404 NOT_FOUND - no queue 'q'");
  EXPECT_EQ(events[1].token, 2U);
  EXPECT_EQ(events[1].code, error::channel_reset);
  EXPECT_EQ(events[2].kind, Kind::channel_closed);
  EXPECT_EQ(events[2].channel, channel);
  EXPECT_EQ(events[2].reply_code, 404);
  EXPECT_EQ(link.heard_text(), "1 channel.close-ok");
  EXPECT_EQ(link.client.unanswered_count(), 0U);
  EXPECT_EQ(link.client.purge_queue(channel, 3, "q"), error::channel_reset);
}

TEST(AmqpClient, does_not_blame_a_command_for_another_ones_fault) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.ack(channel, 77));
  EXPECT_FALSE(link.client.purge_queue(channel, 1, "q"));
  EXPECT_EQ(link.after(1, amqp::ChannelClose{406, "unknown delivery tag 77", 60, 80}).code, error::channel_reset);
}

TEST(AmqpClient, tells_channels_of_the_same_number_apart) {
  AmqpLink link;
  link.open();
  const AmqpChannel old = link.open_channel();
  EXPECT_FALSE(link.client.close_channel(old, 1));
  EXPECT_EQ(link.client.ack(old, 1), error::channel_reset) << "nothing is said behind its end";
  EXPECT_EQ(link.after(1, amqp::ChannelCloseOk{}).token, 1U);
  const AmqpChannel fresh = link.open_channel();
  EXPECT_EQ(fresh.number, old.number);
  EXPECT_NE(fresh, old);
  (void)link.output();
  EXPECT_EQ(link.client.ack(old, 1), error::channel_reset);
  EXPECT_EQ(link.output(), "");
  EXPECT_FALSE(link.client.ack(fresh, 1));
}

TEST(AmqpClient, hears_nothing_of_a_channel_that_it_closes) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.close_channel(channel, 1));
  (void)link.output();
  link.say(amqp_delivery(1, 1, "late"));
  link.say(amqp_body(1, "later"));
  link.say(1, amqp::ChannelClose{404, "at the same time", 50, 30});
  const AmqpEvent event = link.after(1, amqp::ChannelCloseOk{});
  EXPECT_EQ(event.kind, Kind::done);
  EXPECT_FALSE(event.code);
  EXPECT_EQ(link.heard_text(), "1 channel.close-ok");
}

TEST(AmqpClient, bounds_what_waits_for_answers) {
  AmqpClient::Settings settings;
  settings.unanswered_count_max = 2;
  settings.unanswered_size_max = 1000;
  settings.channels_max = 2;
  AmqpLink link{settings};
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.purge_queue(channel, 1, "q"));
  EXPECT_EQ(link.client.publish(channel, {.body = std::string(1000, 'a')}).code, error::full) << "bytes";
  EXPECT_FALSE(link.client.publish(channel, {.body = "a"}).code);
  EXPECT_EQ(link.client.publish(channel, {.body = "a"}).code, error::full) << "count";
  EXPECT_EQ(link.client.open_channel(2).code, error::full);
  EXPECT_EQ(link.after(1, amqp::QueuePurgeOk{}).token, 1U);
  EXPECT_FALSE(link.client.publish(channel, {.body = std::string(2000, 'a')}).code) << "nothing waits any more";
  (void)link.open_channel();
  EXPECT_EQ(link.client.open_channel(3).code, error::full) << "channels";
}

TEST(AmqpClient, refuses_texts_that_do_not_fit_and_goes_on) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  const std::string name(256, 'a');
  EXPECT_THROW((void)link.client.purge_queue(channel, 1, name), std::invalid_argument);
  AmqpProperties properties;
  properties.type = name;
  EXPECT_THROW((void)link.client.publish(channel, {.properties = properties}), std::invalid_argument);
  EXPECT_EQ(link.output(), "");
  EXPECT_EQ(link.client.unanswered_count(), 0U);
}

TEST(AmqpClient, has_no_channels_before_it_is_open) {
  AmqpLink link;
  EXPECT_THROW((void)link.client.open_channel(1), std::logic_error);
  link.client.start(link.now);
  EXPECT_THROW((void)link.client.open_channel(1), std::logic_error);
}

// --- publishing ------------------------------------------------------------------------------------------------------

TEST(AmqpClient, publishes_in_frames_that_the_broker_takes) {
  AmqpLink link;
  link.open({0, 4096, 0});
  const AmqpChannel channel = link.open_channel();
  constexpr std::size_t part = 4096 - 8;
  const auto said = [&](std::size_t size) {
    std::string body;
    for (std::size_t i = 0; i < size; ++i) body += static_cast<char>(i * 7 % 251);
    EXPECT_FALSE(link.client.publish(channel, {.exchange = "e", .routing_key = "k", .body = body}).code);
    EXPECT_EQ(link.out_.message_count(), 1U);
    std::string text;
    std::string joined;
    for (const AmqpHeard& each : link.heard()) {
      text += each.text() + ' ';
      if (each.kind == AmqpFrameKind::body) joined += each.payload;
      if (each.kind == AmqpFrameKind::header) {
        EXPECT_EQ(read_amqp_content_header(bytes_of(each.payload)).header.body_size, size);
      }
    }
    EXPECT_EQ(joined, body);
    return text;
  };
  EXPECT_EQ(said(0), "1 basic.publish 1 header ");
  EXPECT_EQ(said(1), "1 basic.publish 1 header 1 body 1 ");
  EXPECT_EQ(said(part), "1 basic.publish 1 header 1 body 4088 ");
  EXPECT_EQ(said(part + 1), "1 basic.publish 1 header 1 body 4088 1 body 1 ");
  EXPECT_EQ(said(2 * part), "1 basic.publish 1 header 1 body 4088 1 body 4088 ");
  EXPECT_EQ(said(2 * part + 100), "1 basic.publish 1 header 1 body 4088 1 body 4088 1 body 100 ");
}

TEST(AmqpClient, publishes_large_bodies_without_copying_them) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  const Message body{std::string(300'000, 'a')};
  EXPECT_FALSE(link.client.publish(channel, {.routing_key = "q", .body = body}).code);
  struct Piece {
    const std::byte* data;
    std::size_t size;
  };
  std::array<Piece, 8> pieces{};
  ASSERT_GE(link.out_.gather(pieces), 2U);
  EXPECT_EQ(pieces[1].data, body.data());
  EXPECT_EQ(pieces[1].size, 131'072U - 8);
}

TEST(AmqpClient, publishes_nothing_larger_than_allowed) {
  AmqpClient::Settings settings;
  settings.body_size_max = 100;
  AmqpLink link{settings};
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_EQ(link.client.publish(channel, {.body = std::string(101, 'a')}).code, error::message_too_large);
  EXPECT_FALSE(link.client.publish(channel, {.body = std::string(100, 'a')}).code);
}

TEST(AmqpClient, numbers_messages_from_confirm_select_on) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_EQ(link.client.publish(channel, {.body = "unnumbered"}).number, 0U);
  EXPECT_FALSE(link.client.confirm_select(channel, 1));
  for (std::uint64_t i = 1; i <= 4; ++i) EXPECT_EQ(link.client.publish(channel, {.body = "a"}).number, i);
  EXPECT_EQ(link.after(1, amqp::ConfirmSelectOk{}).token, 1U);

  AmqpEvent event = link.after(1, amqp::BasicNack{2, false, false});
  EXPECT_EQ(event.kind, Kind::confirmed);
  EXPECT_EQ(event.number, 2U);
  EXPECT_FALSE(event.is_acknowledged);
  link.say(1, amqp::BasicAck{3, true});
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].number, 1U);
  EXPECT_EQ(events[1].number, 3U);
  EXPECT_TRUE(events[1].is_acknowledged);
  EXPECT_EQ(link.after(1, amqp::BasicAck{4, false}).number, 4U);
}

TEST(AmqpClient, bounds_what_is_not_confirmed) {
  AmqpClient::Settings settings;
  settings.unconfirmed_max = 2;
  AmqpLink link{settings};
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.confirm_select(channel, 1));
  (void)link.after(1, amqp::ConfirmSelectOk{});
  EXPECT_FALSE(link.client.publish(channel, {}).code);
  EXPECT_FALSE(link.client.publish(channel, {}).code);
  EXPECT_EQ(link.client.publish(channel, {}).code, error::full);
  EXPECT_EQ(link.after(1, amqp::BasicAck{1, false}).number, 1U);
  EXPECT_EQ(link.client.publish(channel, {}).number, 3U);
}

TEST(AmqpClient, sends_no_messages_while_the_broker_wants_none) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.after(1, amqp::ChannelFlow{false}));
  EXPECT_EQ(link.heard_text(), "1 channel.flow-ok");
  EXPECT_FALSE(link.client.ack(channel, 1));
  EXPECT_FALSE(link.client.publish(channel, {.body = "a"}).code);
  EXPECT_FALSE(link.client.purge_queue(channel, 1, "q"));
  EXPECT_EQ(link.heard_text(), "1 basic.ack");
  EXPECT_FALSE(link.after(1, amqp::ChannelFlow{true}));
  EXPECT_EQ(link.heard_text(), "1 channel.flow-ok, 1 basic.publish, 1 header, 1 body 1, 1 queue.purge");
}

TEST(AmqpClient, tells_that_a_message_came_back) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  AmqpProperties properties;
  properties.message_id = "m1";
  link.say(1, amqp::BasicReturn{312, "NO_ROUTE", "e", "nowhere"});
  link.say(amqp_frame(1, AmqpContentHeader{4, properties}));
  const AmqpEvent event = link.after(amqp_body(1, "lost"));
  EXPECT_EQ(event.kind, Kind::returned);
  EXPECT_EQ(event.reply_code, 312);
  EXPECT_EQ(event.sentence, "312 NO_ROUTE");
  EXPECT_EQ(event.exchange, "e");
  EXPECT_EQ(event.routing_key, "nowhere");
  EXPECT_EQ(event.properties.message_id, "m1");
  EXPECT_EQ(event.body.view(), "lost");
}

TEST(AmqpClient, tells_that_the_broker_is_blocked) {
  AmqpLink link;
  link.open();
  const AmqpEvent event = link.after(0, amqp::ConnectionBlocked{"low on memory"});
  EXPECT_EQ(event.kind, Kind::blocked);
  EXPECT_EQ(event.sentence, "low on memory");
  EXPECT_EQ(link.after(0, amqp::ConnectionUnblocked{}).kind, Kind::unblocked);
}

// --- receiving -------------------------------------------------------------------------------------------------------

TEST(AmqpClient, tells_a_delivered_message_and_acknowledges_it) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  AmqpProperties properties;
  properties.type = "message";
  properties.reply_to = "queue";
  link.say(1, amqp::BasicDeliver{"srv", 9, true, "communica", "key"});
  link.say(amqp_frame(1, AmqpContentHeader{5, properties}));
  const AmqpEvent event = link.after(amqp_body(1, "hello"));
  EXPECT_EQ(event.kind, Kind::delivered);
  EXPECT_EQ(event.channel, channel);
  EXPECT_EQ(event.name, "srv");
  EXPECT_EQ(event.number, 9U);
  EXPECT_TRUE(event.is_redelivered);
  EXPECT_EQ(event.exchange, "communica");
  EXPECT_EQ(event.routing_key, "key");
  EXPECT_EQ(event.properties, properties);
  EXPECT_EQ(event.body.view(), "hello");
  EXPECT_FALSE(link.client.ack(channel, event.number));
  EXPECT_FALSE(link.client.nack(channel, 10, true, true));
  const std::vector<AmqpHeard> heard = link.heard();
  EXPECT_EQ(std::get<amqp::BasicAck>(heard.at(0).method().method).delivery_tag, 9U);
  EXPECT_TRUE(last<amqp::BasicNack>(heard).requeue);
}

TEST(AmqpClient, joins_the_frames_of_a_body_and_takes_empty_ones) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  const std::string large(200'000, 'x');
  link.say(1, amqp::BasicDeliver{"srv", 1, false, "", "q"});
  link.say(amqp_frame(1, AmqpContentHeader{large.size() + 2, {}}));
  EXPECT_FALSE(link.after(amqp_body(1, "a")));
  EXPECT_FALSE(link.after(amqp_body(1, "")));
  EXPECT_FALSE(link.after(amqp_body(1, large.substr(0, 100'000))));
  EXPECT_FALSE(link.after(amqp_body(1, large.substr(100'000))));
  EXPECT_EQ(link.after(amqp_body(1, "z")).body.view(), 'a' + large + 'z');
  EXPECT_EQ(link.after(amqp_delivery(1, 2, "")).body.size(), 0U);
}

TEST(AmqpClient, takes_contents_of_several_channels_at_a_time) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  (void)link.open_channel();
  for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{2}}) {
    link.say(number, amqp::BasicDeliver{"srv", number, false, "", "q"});
    link.say(amqp_frame(number, AmqpContentHeader{4, {}}));
  }
  EXPECT_FALSE(link.after(amqp_body(1, "ab")));
  EXPECT_FALSE(link.after(amqp_body(2, "AB")));
  link.say(amqp_heartbeat);
  EXPECT_EQ(link.after(amqp_body(2, "CD")).body.view(), "ABCD");
  EXPECT_EQ(link.after(amqp_body(1, "cd")).body.view(), "abcd");
}

TEST(AmqpClient, trusts_no_announced_size) {
  AmqpClient::Settings settings;
  settings.body_size_max = 1000;
  AmqpLink link{settings};
  link.open();
  (void)link.open_channel();
  link.say(1, amqp::BasicDeliver{"srv", 1, false, "", "q"});
  const AmqpEvent event = link.after(amqp_frame(1, AmqpContentHeader{1001, {}}));
  EXPECT_EQ(event.kind, Kind::failed);
  EXPECT_EQ(event.code, error::message_too_large);
  EXPECT_EQ(event.sentence, "the broker sent a message of 1001 bytes on channel 1, and the limit is 1000");
  EXPECT_EQ(last<amqp::ConnectionClose>(link.heard()).reply_code, 311);
}

TEST(AmqpClient, tells_that_a_consumer_has_been_ended) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  EXPECT_EQ(link.after(1, amqp::BasicCancel{"srv", true}).kind, Kind::consumer_cancelled);
  EXPECT_EQ(link.output(), "");
  EXPECT_EQ(link.after(1, amqp::BasicCancel{"srv", false}).name, "srv");
  EXPECT_EQ(last<amqp::BasicCancelOk>(link.heard()).consumer_tag, "srv");
}

/// All that a client tells of these bytes, in pieces of a size.
std::string told(const std::string& bytes, std::size_t piece_size) {
  AmqpLink link;
  link.client.start(link.now);
  std::string all;
  const auto listen = [&] {
    while (const AmqpEvent event = link.next()) {
      all += std::to_string(static_cast<int>(event.kind)) + ' ' + std::to_string(event.token) + ' ' +
             std::to_string(event.number) + event.name + event.body.text() + event.sentence + '\n';
      if (event.kind == Kind::opened) {
        const AmqpChannel channel = link.client.open_channel(1).channel;
        EXPECT_FALSE(link.client.confirm_select(channel, 2));
        EXPECT_FALSE(link.client.publish(channel, {.body = "a"}).code);
        EXPECT_FALSE(link.client.publish(channel, {.body = "b"}).code);
      }
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece_size) {
    link.say(bytes.substr(at, piece_size));
    listen();
  }
  return all;
}

TEST(AmqpClient, hears_the_same_however_the_bytes_are_cut) {
  // The answers come ahead of nothing: each command has been sent when its answer is read.
  const std::string bytes =
      from_hex(amqp_start) + amqp_frame(0, amqp::ConnectionTune{0, 0, 0}) + amqp_frame(0, amqp::ConnectionOpenOk{}) +
      amqp_frame(1, amqp::ChannelOpenOk{}) + amqp_heartbeat + amqp_frame(1, amqp::ConfirmSelectOk{}) +
      amqp_delivery(1, 1, "hello") + amqp_frame(1, amqp::BasicAck{0, true}) + amqp_delivery(1, 2, "") +
      amqp_frame(1, amqp::ChannelClose{404, "no", 50, 30}) + amqp_frame(0, amqp::ConnectionClose{320, "down", 0, 0});
  const std::string whole = told(bytes, bytes.size());
  EXPECT_NE(whole.find("320 down"), std::string::npos) << whole;
  for (std::size_t size = 1; size < 40; ++size) EXPECT_EQ(told(bytes, size), whole) << size;
}

// --- what a broker may not do ----------------------------------------------------------------------------------------

struct Refused {
  const char* name;
  std::string bytes;
  AmqpReply reply;
  error code = error::malformed;
};

std::string delivery_front(std::uint64_t size) {
  return amqp_frame(1, amqp::BasicDeliver{"srv", 1, false, "", "q"}) + amqp_frame(1, AmqpContentHeader{size, {}});
}

const std::vector<Refused>& refused() {
  static const std::vector<Refused> all{
      {"frame_too_large", from_hex("03 0001 00020000"), AmqpReply::frame_error, error::message_too_large},
      {"frame_of_an_unknown_kind", from_hex("05 0001 00000000 ce"), AmqpReply::frame_error},
      {"frame_without_its_end", from_hex("08 0000 00000000 00"), AmqpReply::frame_error},
      {"heartbeat_on_a_channel", from_hex("08 0001 00000000 ce"), AmqpReply::frame_error},
      {"heartbeat_with_a_payload", from_hex("08 0000 00000001 00 ce"), AmqpReply::frame_error},
      {"unknown_method", from_hex("01 0001 00000004 005a000b ce"), AmqpReply::not_implemented},
      {"method_without_a_number", from_hex("01 0001 00000003 005a00 ce"), AmqpReply::not_implemented},
      {"method_that_is_cut", from_hex("01 0001 00000006 003c003c 0361 ce"), AmqpReply::syntax_error},
      {"method_of_an_unknown_channel", amqp_frame(2, amqp::BasicQosOk{}), AmqpReply::channel_error},
      {"delivery_on_an_unknown_channel", amqp_delivery(2, 1, "a"), AmqpReply::channel_error},
      {"content_on_an_unknown_channel", amqp_body(7, "a"), AmqpReply::channel_error},
      {"content_of_the_connection", amqp_body(0, "a"), AmqpReply::channel_error},
      {"delivery_of_the_connection", amqp_frame(0, amqp::BasicDeliver{}), AmqpReply::command_invalid},
      {"connection_method_on_a_channel", amqp_frame(1, amqp::ConnectionClose{}), AmqpReply::command_invalid},
      {"answer_to_nothing", amqp_frame(1, amqp::QueueDeclareOk{"q", 0, 0}), AmqpReply::command_invalid},
      {"close_ok_to_nothing", amqp_frame(1, amqp::ChannelCloseOk{}), AmqpReply::command_invalid},
      {"request_of_a_client", amqp_frame(1, amqp::QueueDeclare{}), AmqpReply::command_invalid},
      {"start_a_second_time", from_hex(amqp_start), AmqpReply::command_invalid},
      {"confirmation_of_nothing", amqp_frame(1, amqp::BasicAck{1, false}), AmqpReply::command_invalid},
      {"header_without_a_method", amqp_frame(1, AmqpContentHeader{1, {}}), AmqpReply::unexpected_frame},
      {"body_without_a_header", amqp_frame(1, amqp::BasicDeliver{}) + amqp_body(1, "a"), AmqpReply::unexpected_frame},
      {"body_without_a_method", amqp_body(1, "a"), AmqpReply::unexpected_frame},
      {"second_header", delivery_front(1) + amqp_frame(1, AmqpContentHeader{1, {}}), AmqpReply::unexpected_frame},
      {"method_in_a_content", delivery_front(1) + amqp_frame(1, amqp::BasicDeliver{}), AmqpReply::unexpected_frame},
      {"body_that_is_too_long", delivery_front(1) + amqp_body(1, "ab"), AmqpReply::unexpected_frame},
      {"second_frame_that_is_too_long", delivery_front(2) + amqp_body(1, "a") + amqp_body(1, "bc"),
       AmqpReply::unexpected_frame},
      {"header_that_is_cut", amqp_frame(1, amqp::BasicDeliver{}) + from_hex("02 0001 00000002 003c ce"),
       AmqpReply::syntax_error},
  };
  return all;
}

class AmqpClientRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(AmqpClientRefuses, and_says_why) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  link.say(GetParam().bytes);
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::failed);
  EXPECT_EQ(events[0].code, GetParam().code) << events[0].sentence;
  EXPECT_TRUE(events[0].sentence.starts_with("the broker ")) << events[0].sentence;
  const std::vector<AmqpHeard> heard = link.heard();
  const auto close = last<amqp::ConnectionClose>(heard);
  EXPECT_EQ(close.reply_code, static_cast<std::uint16_t>(GetParam().reply)) << events[0].sentence;
  EXPECT_EQ(close.reply_text, events[0].sentence);
  EXPECT_TRUE(link.client.is_over());
  EXPECT_EQ(link.client.next_deadline(), std::nullopt);
  EXPECT_FALSE(link.after(0, amqp::ConnectionCloseOk{})) << "that was the last event";
}

INSTANTIATE_TEST_SUITE_P(Amqp, AmqpClientRefuses, ::testing::ValuesIn(refused()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(AmqpClient, refuses_an_answer_to_another_command) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.qos(channel, 5, 1));
  link.say(1, amqp::QueueDeclareOk{"q", 0, 0});
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].token, 5U);
  EXPECT_EQ(events[0].code, error::session_ended);
  EXPECT_EQ(events[1].sentence, "the broker sent queue.declare-ok on channel 1, where basic.qos-ok was due");
}

TEST(AmqpClient, cuts_a_broker_that_asks_and_does_not_read) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  std::string flows;
  for (int i = 0; i < 7000; ++i) flows += amqp_frame(1, amqp::ChannelFlow{true});
  link.say(flows);
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].code, error::flooded);
}

// --- the end ---------------------------------------------------------------------------------------------------------

TEST(AmqpClient, closes_in_order) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  EXPECT_FALSE(link.client.qos(channel, 5, 1));
  (void)link.output();
  link.client.close(link.now, AmqpReply::success, "bye");
  const auto heard = link.heard();  // the method's texts are in there
  const auto close = last<amqp::ConnectionClose>(heard);
  EXPECT_EQ(close.reply_code, 200);
  EXPECT_EQ(close.reply_text, "bye");
  EXPECT_EQ(link.client.qos(channel, 6, 1), error::session_ended);
  EXPECT_EQ(link.client.open_channel(7).code, error::session_ended);
  link.say(amqp_delivery(1, 1, "late"));
  link.say(0, amqp::ConnectionBlocked{"late"});
  link.say(0, amqp::ConnectionCloseOk{});
  const std::vector<AmqpEvent> events = link.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].token, 5U);
  EXPECT_EQ(events[0].code, error::closed);
  EXPECT_EQ(events[1].kind, Kind::closed);
  EXPECT_FALSE(events[1].code);
}

TEST(AmqpClient, does_not_wait_for_ever_for_the_answer_to_its_closing) {
  AmqpLink link;
  link.open();
  link.client.close(link.now);
  link.client.expire(link.now + 5s);
  EXPECT_EQ(link.next().code, error::timed_out);
}

TEST(AmqpClient, takes_the_end_of_the_stream_for_the_answer_to_its_closing) {
  AmqpLink link;
  link.open();
  link.client.close(link.now);
  link.client.stream_ended();
  EXPECT_EQ(link.next().kind, Kind::closed);
}

TEST(AmqpClient, is_closed_when_both_close_at_once) {
  AmqpLink link;
  link.open();
  link.client.close(link.now);
  EXPECT_EQ(link.after(0, amqp::ConnectionClose{320, "down", 0, 0}).kind, Kind::closed);
  EXPECT_EQ(link.heard_text(), "0 connection.close, 0 connection.close-ok");
}

TEST(AmqpClient, closes_a_handshake_without_a_word) {
  AmqpLink link;
  link.client.start(link.now);
  (void)link.output();
  link.client.close(link.now);
  EXPECT_EQ(link.next().kind, Kind::closed);
  EXPECT_EQ(link.output(), "");
}

TEST(AmqpClient, tells_that_the_broker_has_closed) {
  AmqpLink link;
  link.open();
  const AmqpEvent event = link.after(0, amqp::ConnectionClose{320, "CONNECTION_FORCED\n", 0, 0});
  EXPECT_EQ(event.kind, Kind::closed_by_peer);
  EXPECT_EQ(event.code, error::ended_by_peer);
  EXPECT_EQ(event.sentence, "the broker has closed the connection: 320 CONNECTION_FORCED?");
  EXPECT_EQ(link.heard_text(), "0 connection.close-ok");
}

TEST(AmqpClient, tells_that_the_stream_has_ended) {
  AmqpLink between;
  between.open();
  between.client.stream_ended();
  EXPECT_EQ(between.next().code, error::closed);
  AmqpLink inside;
  inside.open();
  inside.say("\x01");
  inside.client.stream_ended();
  EXPECT_EQ(inside.next().code, error::truncated);
}

TEST(AmqpClient, says_why_in_255_bytes_of_whole_characters) {
  AmqpLink link;
  link.open();
  std::string text(254, 'a');
  link.client.close(link.now, AmqpReply::success, text + "\xC3\xA9");
  EXPECT_EQ(last<amqp::ConnectionClose>(link.heard()).reply_text, text);
}

// --- time ------------------------------------------------------------------------------------------------------------

/// Lets time pass, up to the end of the client, and says how long that took in seconds, and what was heard.
std::string idle(AmqpLink& link, std::chrono::seconds span, std::chrono::seconds broker_says_every) {
  std::string heard;
  const TimePoint begin = link.now;
  TimePoint says_at = begin + broker_says_every;
  for (; link.now <= begin + span; link.now += 1s) {
    if (broker_says_every.count() != 0 && link.now >= says_at) {
      link.say(amqp_heartbeat);
      says_at += broker_says_every;
    }
    if (const auto until = link.client.next_deadline(); until && link.now >= *until) link.client.expire(link.now);
    const AmqpEvent event = link.next();
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(link.now - begin).count();
    if (!link.heard_text().empty()) heard += std::to_string(at) + ' ';
    if (event) return heard + event.sentence;
  }
  return heard;
}

TEST(AmqpClient, says_that_it_is_there_before_half_an_interval_of_silence_has_passed) {
  AmqpLink link;
  link.open();
  EXPECT_EQ(idle(link, 41s, 10s), "5 15 25 35 ");
}

TEST(AmqpClient, says_nothing_extra_while_it_has_other_things_to_say) {
  AmqpLink link;
  link.open();
  const AmqpChannel channel = link.open_channel();
  link.client.expire(link.now);
  (void)link.output();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(link.client.ack(channel, 1));
    link.now += 5s;
    link.say(amqp_heartbeat);
    EXPECT_FALSE(link.next());
    link.client.expire(link.now);
    EXPECT_EQ(link.heard_text(), "1 basic.ack");
  }
}

TEST(AmqpClient, takes_a_broker_for_dead_after_two_intervals_of_silence) {
  AmqpLink link;
  link.open();
  const std::string told = idle(link, 100s, 0s);
  EXPECT_TRUE(told.ends_with("nothing has come from the broker for 40 s, twice the interval of its heartbeats"))
      << told;
  EXPECT_EQ(link.now, TimePoint{1h} + 40s);
  EXPECT_TRUE(link.client.is_over());
}

TEST(AmqpClient, takes_a_frame_that_comes_slowly_for_a_sign_of_life) {
  AmqpLink link;
  link.open();
  (void)link.open_channel();
  link.say(amqp_body(1, std::string(4000, 'a')).substr(0, 10));
  for (int i = 0; i < 100; ++i) {
    link.now += 10s;
    link.client.expire(link.now);
    ASSERT_FALSE(link.next());
    link.say("a");
  }
}

TEST(AmqpClient, does_not_blame_a_broker_for_what_was_not_read) {
  AmqpLink link;
  link.open();
  link.client.set_reading(false);
  for (int i = 0; i < 100; ++i) {
    link.now += 10s;
    link.client.expire(link.now);
    ASSERT_FALSE(link.next());
  }
  link.client.set_reading(true);
  // Nor is a suspended process a silent broker: what came meanwhile is read first.
  link.now += 1h;
  link.client.expire(link.now);
  EXPECT_FALSE(link.next());
}

}  // namespace
}  // namespace parley::test::amqp_client_tests
