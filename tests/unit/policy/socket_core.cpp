#include "policy/socket_core.hpp"

#include <parley/testing/simulator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using testing::Faults;
using testing::SimulatedOutcome;
using testing::SimulatedReceived;
using testing::SimulatedSocket;
using testing::Simulator;
using Kind = SocketEvent::Kind;
using Texts = std::vector<std::string>;

Texts take_all(SimulatedSocket& socket) {
  Texts texts;
  while (const auto received = socket.receive()) texts.push_back(received->message.text());
  return texts;
}

std::vector<SocketEvent> events_of(SimulatedSocket& socket, Kind kind) {
  std::vector<SocketEvent> events;
  while (auto event = socket.next_event()) {
    if (event->kind == kind) events.push_back(std::move(*event));
  }
  return events;
}

Texts numbered(int from, int to) {
  Texts texts;
  for (int i = from; i < to; ++i) texts.push_back("m" + std::to_string(i));
  return texts;
}

void send_numbered(SimulatedSocket& socket, int from, int to) {
  for (const std::string& text : numbered(from, to)) ASSERT_FALSE(socket.try_send(text)) << text;
}

SocketOptions with(SendMode mode, Delivery delivery = Delivery::at_most_once) {
  SocketOptions options;
  options.send_mode = mode;
  options.delivery = delivery;
  return options;
}

const Endpoint server_at = "tcp://server:1";

/// A network on which a few bytes are on their way and the rest has to wait.
const Faults stuck{.delay_min = 1s, .delay_max = 1s, .buffer_size = 5};

/// A server that is bound, and a client that is connected to it.
struct Pair {
  explicit Pair(const SocketOptions& server_options = {}, const SocketOptions& client_options = {},
                const Faults& faults = {})
      : net{1, faults}, server{net.add_socket(server_options)}, client{net.add_socket(client_options)} {
    server.bind(server_at);
    client.connect(server_at);
    net.pass(1s);
  }
  /// What is queued stays unwritten.
  void cut_while_stuck() {
    net.set_faults({.buffer_size = stuck.buffer_size});
    net.cut(client, server);
    net.pass(1ms);
    net.set_faults({});
  }
  Simulator net;
  SimulatedSocket& server;
  SimulatedSocket& client;
};

// --- peers -----------------------------------------------------------------------------------------------------------

TEST(SocketCore, peers_greet_each_other_and_are_told) {
  Pair pair;
  EXPECT_EQ(pair.client.peers(), std::vector{pair.server.identity()});
  EXPECT_EQ(pair.server.peers(), std::vector{pair.client.identity()});
  EXPECT_EQ(events_of(pair.client, Kind::peer_up).at(0).identity, pair.server.identity());
}

TEST(SocketCore, messages_go_both_ways_in_order) {
  Pair pair;
  send_numbered(pair.client, 0, 200);
  send_numbered(pair.server, 500, 700);
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.server), numbered(0, 200));
  EXPECT_EQ(take_all(pair.client), numbered(500, 700));
}

TEST(SocketCore, the_sender_of_a_message_can_be_answered) {
  Pair pair;
  pair.client.send("question");
  pair.net.pass(1s);
  const auto received = pair.server.receive();
  ASSERT_TRUE(received);
  EXPECT_FALSE(pair.server.try_send_to(received->sender, "answer"));
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.client), Texts{"answer"});
}

TEST(SocketCore, large_messages_and_empty_ones_pass) {
  Pair pair;
  const std::string large(3'000'000, 'L');
  pair.client.send(large);
  pair.client.send("");
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.server), (Texts{large, ""}));
}

TEST(SocketCore, who_dials_keeps_dialling_until_somebody_is_there) {
  Simulator net{1};
  SimulatedSocket& client = net.add_socket({});
  client.connect(server_at);
  net.pass(20s);
  const auto retries = events_of(client, Kind::retrying);
  EXPECT_GT(retries.size(), 3U);
  EXPECT_EQ(retries.at(0).delay, 50ms);
  SimulatedSocket& server = net.add_socket({});
  server.bind(server_at);
  net.pass(11s);
  EXPECT_EQ(client.peers().size(), 1U);
}

TEST(SocketCore, a_lost_connection_is_made_again) {
  Pair pair;
  pair.net.cut(pair.client, pair.server);
  pair.net.pass(1s);
  EXPECT_EQ(events_of(pair.server, Kind::peer_lost).size(), 1U);
  EXPECT_EQ(pair.client.peers().size(), 1U);
  send_numbered(pair.client, 0, 10);
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.server), numbered(0, 10));
}

TEST(SocketCore, who_was_killed_and_starts_again_with_the_same_identity_gets_in_at_once) {
  Pair pair;
  pair.client.kill();
  pair.client.restart();
  pair.net.pass(100ms);
  EXPECT_EQ(pair.server.peers(), std::vector{pair.client.identity()});
}

TEST(SocketCore, who_restarts_while_the_old_connection_is_not_read_gets_in_at_once) {
  SocketOptions small;
  small.receive_high_water_size = 1000;
  Pair pair{small};
  send_numbered(pair.client, 0, 5000);  // more than is read
  pair.net.pass(1s);
  pair.client.kill();
  pair.client.restart();
  pair.net.pass(300ms);
  EXPECT_EQ(pair.server.peers(), std::vector{pair.client.identity()});
  const Texts got = take_all(pair.server);
  EXPECT_EQ(got, numbered(0, static_cast<int>(got.size())));
}

TEST(SocketCore, a_duplicate_identity_is_refused_on_both_sides) {
  SocketOptions same;
  same.identity = Identity::of_random(7, 7);
  Simulator net{1};
  SimulatedSocket& server = net.add_socket({});
  server.bind(server_at);
  SimulatedSocket& first = net.add_socket(same);
  first.connect(server_at);
  net.pass(1s);
  SimulatedSocket& second = net.add_socket(same);
  second.connect(server_at);
  net.pass(2s);
  EXPECT_EQ(server.peers().size(), 1U);
  EXPECT_TRUE(second.peers().empty());
  const auto refused = events_of(server, Kind::refused);
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused.at(0).cause, error::duplicate_identity);
  EXPECT_FALSE(events_of(second, Kind::retrying).empty());
  EXPECT_EQ(first.peers().size(), 1U);
}

TEST(SocketCore, a_socket_that_dials_itself_is_refused) {
  Simulator net{1};
  SimulatedSocket& socket = net.add_socket({});
  socket.bind(server_at);
  socket.connect(server_at);
  net.pass(1s);
  EXPECT_TRUE(socket.peers().empty());
  EXPECT_EQ(events_of(socket, Kind::refused).at(0).cause, error::duplicate_identity);
}

TEST(SocketCore, two_that_dial_each_other_settle_for_one_connection) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulator net{seed, {.delay_min = 1ms, .delay_max = 200ms}};
    SimulatedSocket& a = net.add_socket({});
    SimulatedSocket& b = net.add_socket({});
    a.bind("tcp://a:1");
    b.bind("tcp://b:1");
    a.connect("tcp://b:1");
    b.connect("tcp://a:1");
    net.pass(10s);
    EXPECT_LE(events_of(a, Kind::peer_up).size(), 2U) << seed;
    EXPECT_LE(events_of(b, Kind::peer_up).size(), 2U) << seed;
    net.pass(1min);
    EXPECT_TRUE(events_of(a, Kind::peer_lost).empty()) << seed;
    send_numbered(a, 0, 10);
    send_numbered(b, 0, 10);
    net.pass(1s);
    EXPECT_EQ(take_all(a), numbered(0, 10)) << seed;
    EXPECT_EQ(take_all(b), numbered(0, 10)) << seed;
  }
}

TEST(SocketCore, of_three_connections_to_one_identity_none_is_left_waiting) {
  Simulator net{1, {.delay_min = 1ms, .delay_max = 1ms}};
  SocketOptions small, great;
  small.identity = Identity::of_random(1, 1);
  great.identity = Identity::of_random(2, 2);
  if (*small.identity > *great.identity) std::swap(small.identity, great.identity);
  SimulatedSocket& socket = net.add_socket(small);
  SimulatedSocket& first = net.add_socket(great);
  SimulatedSocket& second = net.add_socket(great);
  SimulatedSocket& third = net.add_socket(great);
  socket.bind("tcp://socket:1");
  first.bind("tcp://first:1");
  second.bind("tcp://second:1");
  socket.connect("tcp://first:1");
  net.pass(100ms);
  socket.connect("tcp://second:1");  // has to wait for the first
  net.pass(100ms);
  third.connect("tcp://socket:1");  // takes the place of the first, which lets the second in
  net.pass(1s);
  EXPECT_EQ(socket.peers().size(), 1U);
  EXPECT_EQ(events_of(socket, Kind::refused).at(0).cause, error::duplicate_identity);
}

TEST(SocketCore, who_disconnects_has_what_it_sent_before_written) {
  Faults slow;
  slow.delay_min = slow.delay_max = 10ms;
  slow.buffer_size = 100;
  Pair pair{{}, {}, slow};
  send_numbered(pair.client, 0, 500);
  EXPECT_FALSE(pair.client.try_send_to(pair.server.identity(), "to one"));
  pair.client.disconnect(server_at);
  pair.net.pass(1min);
  Texts expected = numbered(0, 500);
  expected.push_back("to one");
  EXPECT_EQ(take_all(pair.server), expected);
  EXPECT_TRUE(events_of(pair.client, Kind::dropped).empty());
}

TEST(SocketCore, the_programs_rule_keeps_peers_out) {
  SocketOptions strict;
  strict.accept_peer = [](const PeerCandidate& candidate) { return candidate.identity.to_string().front() == '0'; };
  Simulator net{1};
  SimulatedSocket& server = net.add_socket(strict);
  server.bind(server_at);
  SimulatedSocket& client = net.add_socket({});
  client.connect(server_at);
  net.pass(1s);
  const bool may = client.identity().to_string().front() == '0';
  EXPECT_EQ(server.peers().size(), may ? 1U : 0U);
  EXPECT_EQ(events_of(server, Kind::refused).empty(), may);
}

TEST(SocketCore, peers_over_the_limit_are_refused) {
  SocketOptions two;
  two.peers_max = 2;
  Simulator net{1};
  SimulatedSocket& server = net.add_socket(two);
  server.bind(server_at);
  for (int i = 0; i < 4; ++i) net.add_socket({}).connect(server_at);
  net.pass(1s);
  EXPECT_EQ(server.peers().size(), 2U);
  EXPECT_EQ(events_of(server, Kind::refused).at(0).cause, error::peer_refused);
}

TEST(SocketCore, heartbeats_keep_a_quiet_connection_alive) {
  Pair pair;
  pair.net.pass(10min);
  EXPECT_EQ(pair.server.peers().size(), 1U);
  EXPECT_TRUE(events_of(pair.server, Kind::peer_lost).empty());
}

TEST(SocketCore, a_peer_that_falls_silent_is_cut_off_after_its_time) {
  Faults faults;
  Pair pair;
  faults.half_open_every = 1ms;
  pair.net.set_faults(faults);
  pair.net.cut(pair.client, pair.server);
  pair.net.pass(100ms);  // the new connection has gone silent by now
  ASSERT_EQ(pair.server.peers().size(), 1U);
  pair.net.set_faults({});
  pair.net.pass(14s);
  EXPECT_EQ(events_of(pair.server, Kind::peer_lost).size(), 1U);  // the one that was cut
  pair.net.pass(2s);
  const auto lost = events_of(pair.server, Kind::peer_lost);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].cause, error::peer_silent);
}

TEST(SocketCore, a_peer_that_this_side_does_not_read_from_is_not_taken_for_silent) {
  SocketOptions small;
  small.receive_high_water_size = 1000;
  Pair pair{small};
  send_numbered(pair.client, 0, 20'000);
  pair.net.pass(5min);
  EXPECT_TRUE(events_of(pair.server, Kind::peer_lost).empty());
  Texts got;
  while (got.size() < 20'000) {
    const Texts more = take_all(pair.server);
    ASSERT_FALSE(more.empty());
    got.insert(got.end(), more.begin(), more.end());
    pair.net.pass(10ms);
  }
  EXPECT_EQ(got, numbered(0, 20'000));
}

// --- routing ---------------------------------------------------------------------------------------------------------

/// A server and several clients.
struct Star {
  explicit Star(const SocketOptions& server_options, int count, const SocketOptions& client_options = {})
      : net{1}, server{net.add_socket(server_options)} {
    server.bind(server_at);
    for (int i = 0; i < count; ++i) {
      clients.push_back(&net.add_socket(client_options));
      clients.back()->connect(server_at);
      net.pass(10ms);
    }
  }
  Simulator net;
  SimulatedSocket& server;
  std::vector<SimulatedSocket*> clients;
};

TEST(SocketCore, round_robin_gives_each_peer_its_turn) {
  Star star{{}, 3};
  send_numbered(star.server, 0, 9);
  star.net.pass(1s);
  EXPECT_EQ(take_all(*star.clients[0]), (Texts{"m0", "m3", "m6"}));
  EXPECT_EQ(take_all(*star.clients[1]), (Texts{"m1", "m4", "m7"}));
  EXPECT_EQ(take_all(*star.clients[2]), (Texts{"m2", "m5", "m8"}));
}

TEST(SocketCore, round_robin_passes_over_a_peer_that_is_full) {
  SocketOptions options;
  options.send_high_water_count = 100;
  SocketOptions small;
  small.receive_high_water_size = 100;
  Star star{options, 2, small};
  Texts got;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_FALSE(star.server.try_send("m" + std::to_string(i))) << i;
    if (i % 50 == 0) {
      star.net.pass(1ms);
      const Texts more = take_all(*star.clients[0]);  // the other one never reads
      got.insert(got.end(), more.begin(), more.end());
    }
  }
  EXPECT_GT(got.size(), 10'000U);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end(), [](const std::string& a, const std::string& b) {
    return std::stoi(a.substr(1)) < std::stoi(b.substr(1));
  }));
}

TEST(SocketCore, round_robin_waits_when_all_are_full_and_goes_on_when_there_is_room) {
  SocketOptions options;
  options.send_high_water_count = 10;
  Star star{options, 2};
  int sent = 0;
  while (!star.server.try_send("m" + std::to_string(sent))) ++sent;
  EXPECT_EQ(sent, 20);
  const std::uint64_t waiting = star.server.send("m" + std::to_string(sent));
  EXPECT_TRUE(star.server.outcomes().size() == 1 || waiting > 0);
  star.net.pass(1s);
  EXPECT_EQ(take_all(*star.clients[0]).size() + take_all(*star.clients[1]).size(), 21U);
}

TEST(SocketCore, publishing_reaches_everybody) {
  Star star{with(SendMode::publish), 5};
  send_numbered(star.server, 0, 100);
  star.server.try_send(std::string(100'000, 'L'));
  star.net.pass(1s);
  for (SimulatedSocket* client : star.clients) {
    Texts expected = numbered(0, 100);
    expected.push_back(std::string(100'000, 'L'));
    EXPECT_EQ(take_all(*client), expected);
  }
}

TEST(SocketCore, a_slow_subscriber_loses_what_does_not_fit_and_the_others_nothing) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_count = 100;
  SocketOptions small;
  small.receive_high_water_size = 100;
  Star star{options, 2, small};
  Texts fast;
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) {
    ASSERT_FALSE(star.server.try_send("m" + std::to_string(i)));
    if (i % 50 == 0) star.net.pass(1ms);
    const Texts more = take_all(*star.clients[0]);
    fast.insert(fast.end(), more.begin(), more.end());
  }
  star.net.pass(1s);
  for (Texts more = take_all(*star.clients[0]); !more.empty(); more = take_all(*star.clients[0])) {
    fast.insert(fast.end(), more.begin(), more.end());
    star.net.pass(1s);
  }
  EXPECT_EQ(fast, numbered(0, count));
  std::size_t slow = 0;
  for (std::size_t more = 1; more > 0; slow += more) {
    more = take_all(*star.clients[1]).size();
    star.net.pass(1s);
  }
  std::uint64_t dropped = 0;
  for (const SocketEvent& event : events_of(star.server, Kind::dropped)) {
    EXPECT_EQ(event.identity, star.clients[1]->identity());
    EXPECT_EQ(event.cause, error::full);
    dropped += event.count;
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(slow + dropped, static_cast<std::size_t>(count));
}

TEST(SocketCore, dropping_the_oldest_keeps_what_is_new) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_count = 10;
  options.overflow = Overflow::drop_oldest;
  Star star{options, 1};
  for (int i = 0; i < 100; ++i) star.server.try_send("m" + std::to_string(i));
  star.net.pass(1s);
  EXPECT_EQ(take_all(*star.clients[0]), numbered(90, 100));
  EXPECT_EQ(events_of(star.server, Kind::dropped).at(0).count, 90U);
}

TEST(SocketCore, dropping_the_oldest_makes_room_also_for_larger_ones) {
  for (const SendMode mode : {SendMode::publish, SendMode::round_robin}) {
    for (const bool is_there : {true, false}) {
      SocketOptions options = with(mode);
      options.send_high_water_size = 1000;
      options.overflow = Overflow::drop_oldest;
      Simulator net{1};
      SimulatedSocket& server = net.add_socket(options);
      SimulatedSocket& client = net.add_socket({});
      server.bind(server_at);
      if (is_there) client.connect(server_at);
      net.pass(1s);
      send_numbered(server, 0, 100);
      for (const char name : {'a', 'b', 'c'}) EXPECT_FALSE(server.try_send(std::string(600, name)));
      if (!is_there) client.connect(server_at);
      net.pass(1s);
      EXPECT_EQ(take_all(client), (Texts{std::string(600, 'b'), std::string(600, 'c')})) << is_there;
    }
  }
}

TEST(SocketCore, however_much_waits_for_a_peer_it_may_send_itself) {
  SocketOptions options;
  options.send_high_water_size = std::numeric_limits<std::size_t>::max();
  options.send_high_water_count = 100'000;
  options.message_size_max = 1000;
  Pair pair{options};
  pair.net.set_faults(stuck);
  for (int i = 0; i < 20'000; ++i) pair.server.try_send(std::string(1000, 'x'));
  pair.client.try_send("all the same");
  pair.net.pass(3s);
  EXPECT_TRUE(events_of(pair.server, Kind::peer_lost).empty());
}

TEST(SocketCore, failing_at_the_mark_sends_to_nobody) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_count = 10;
  options.overflow = Overflow::fail;
  Star star{options, 2};
  send_numbered(star.server, 0, 10);
  EXPECT_EQ(star.server.try_send("one too many"), error::full);
  star.net.pass(1s);
  EXPECT_EQ(take_all(*star.clients[0]), numbered(0, 10));
  EXPECT_EQ(take_all(*star.clients[1]), numbered(0, 10));
}

TEST(SocketCore, a_slow_peer_is_cut_off_where_that_is_the_rule) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_count = 10;
  options.overflow = Overflow::disconnect_slow_peer;
  Star star{options, 1};
  for (int i = 0; i < 11; ++i) star.server.try_send("m" + std::to_string(i));
  EXPECT_EQ(events_of(star.server, Kind::peer_lost).at(0).cause, error::peer_too_slow);
}

TEST(SocketCore, publishing_may_wait_for_the_slowest) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_count = 10;
  options.overflow = Overflow::wait;
  Star star{options, 2};
  send_numbered(star.server, 0, 10);
  const std::uint64_t waiting = star.server.send("m10");
  star.net.pass(1s);
  const std::vector<SimulatedOutcome> outcomes = star.server.outcomes();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].operation, waiting);
  EXPECT_FALSE(outcomes[0].code);
  star.net.pass(1s);
  EXPECT_EQ(take_all(*star.clients[0]), numbered(0, 11));
  EXPECT_EQ(take_all(*star.clients[1]), numbered(0, 11));
}

TEST(SocketCore, an_unknown_identity_is_an_error) {
  Pair pair;
  EXPECT_EQ(pair.client.try_send_to(Identity::of_random(1, 2), "hello?"), error::unknown_peer);
}

TEST(SocketCore, what_is_sent_to_an_absent_peer_may_be_kept_until_it_comes_back) {
  SocketOptions keeping;
  keeping.keep_for_absent_peers = true;
  Pair pair{keeping};
  pair.client.kill();
  pair.net.pass(1s);
  for (const std::string& text : numbered(0, 5)) EXPECT_FALSE(pair.server.try_send_to(pair.client.identity(), text));
  pair.net.pass(1s);
  pair.client.restart();
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.client), numbered(0, 5));
}

TEST(SocketCore, what_is_published_and_what_is_sent_to_one_are_told_apart_when_the_peer_is_lost) {
  SocketOptions keeping = with(SendMode::publish);
  keeping.keep_for_absent_peers = true;
  Pair pair{keeping};
  pair.net.set_faults(stuck);
  pair.server.try_send("to whoever is there");
  pair.net.pass(10ms);
  EXPECT_FALSE(pair.server.try_send("to whoever is there"));
  EXPECT_FALSE(pair.server.try_send_to(pair.client.identity(), "to one"));
  pair.cut_while_stuck();
  pair.net.pass(15s);
  EXPECT_EQ(take_all(pair.client), Texts{"to one"});
}

TEST(SocketCore, what_was_for_a_peer_that_is_too_slow_is_for_nobody_else) {
  SocketOptions options = with(SendMode::round_robin);
  options.send_high_water_count = 10;
  options.overflow = Overflow::disconnect_slow_peer;
  Star star{options, 2};
  const Identity slow = star.clients[0]->identity();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(star.server.try_send_to(slow, "for it alone"));
  EXPECT_EQ(star.server.try_send_to(slow, "for it alone"), error::unknown_peer);
  EXPECT_FALSE(star.server.try_send("for anybody"));
  star.net.pass(10ms);
  EXPECT_EQ(take_all(*star.clients[1]), Texts{"for anybody"});
}

TEST(SocketCore, what_had_to_make_room_goes_on_moving_to_others) {
  SocketOptions options = with(SendMode::round_robin);
  options.send_high_water_count = 10;
  options.overflow = Overflow::drop_oldest;
  Pair pair{{}, options};
  pair.net.set_faults(stuck);
  pair.client.try_send("on its way");
  pair.net.pass(10ms);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(pair.client.try_send("m" + std::to_string(i)));
  pair.cut_while_stuck();
  pair.net.pass(15s);
  EXPECT_EQ(take_all(pair.server), numbered(11, 20));
}

// --- without a peer --------------------------------------------------------------------------------------------------

TEST(SocketCore, what_is_sent_without_a_peer_arrives_in_order_when_one_comes) {
  for (const SendMode mode : {SendMode::round_robin, SendMode::publish}) {
    Simulator net{1};
    SimulatedSocket& client = net.add_socket(with(mode));
    client.connect(server_at);
    send_numbered(client, 0, 1000);
    net.pass(1min);
    SimulatedSocket& server = net.add_socket({});
    server.bind(server_at);
    net.pass(11s);
    EXPECT_EQ(take_all(server), numbered(0, 1000));
  }
}

/// Sends until one is not kept; how many are.
int keep_up_to_the_mark(SimulatedSocket& socket) {
  int count = 0;
  for (; socket.kept_count() == static_cast<std::size_t>(count); ++count) socket.try_send("m" + std::to_string(count));
  return count - 1;
}

TEST(SocketCore, what_is_kept_to_be_published_goes_to_the_first_peer_whatever_the_rule) {
  for (const Overflow rule :
       {Overflow::automatic, Overflow::wait, Overflow::fail, Overflow::drop_newest, Overflow::disconnect_slow_peer}) {
    SocketOptions options = with(SendMode::publish);
    options.send_high_water_size = 1000;  // framed, what is kept is more than that
    options.overflow = rule;
    Simulator net{1};
    SimulatedSocket& server = net.add_socket(options);
    server.bind(server_at);
    const int kept = keep_up_to_the_mark(server);
    (void)events_of(server, Kind::dropped);  // of the one too many
    SimulatedSocket& client = net.add_socket({});
    client.connect(server_at);
    net.pass(1s);
    EXPECT_EQ(take_all(client), numbered(0, kept)) << static_cast<int>(rule);
    while (const auto event = server.next_event()) EXPECT_EQ(event->kind, Kind::peer_up) << event->sentence;
  }
}

TEST(SocketCore, what_is_kept_to_be_published_does_not_wait_for_one_that_is_stuck) {
  SocketOptions options = with(SendMode::publish);
  options.send_high_water_size = 1000;
  SocketOptions small;
  small.receive_high_water_size = 1;
  Simulator net{1, {.buffer_size = 100}};
  SimulatedSocket& server = net.add_socket(options);
  server.bind(server_at);
  const int kept = keep_up_to_the_mark(server);
  SimulatedSocket& stuck_client = net.add_socket(small);
  stuck_client.connect(server_at);
  net.pass(1s);
  ASSERT_GT(server.kept_count(), 0U);
  SimulatedSocket& client = net.add_socket({});
  client.connect(server_at);
  net.pass(1s);
  EXPECT_FALSE(server.try_send("to those that listen"));
  net.pass(1s);
  const Texts got = take_all(client);
  ASSERT_GT(got.size(), 1U);
  Texts expected = numbered(kept + 1 - static_cast<int>(got.size()), kept);
  expected.push_back("to those that listen");
  EXPECT_EQ(got, expected);
}

TEST(SocketCore, kept_messages_obey_the_mark) {
  SocketOptions options;
  options.send_high_water_count = 10;
  Simulator net{1};
  SimulatedSocket& client = net.add_socket(options);
  send_numbered(client, 0, 10);
  EXPECT_EQ(client.try_send("m10"), error::full);
  const std::uint64_t waiting = client.send("m10");
  EXPECT_TRUE(client.outcomes().empty());
  client.connect(server_at);
  SimulatedSocket& server = net.add_socket({});
  server.bind(server_at);
  net.pass(1s);
  EXPECT_EQ(client.outcomes().at(0).operation, waiting);
  EXPECT_EQ(take_all(server), numbered(0, 11));
}

TEST(SocketCore, what_a_lost_connection_had_not_written_goes_out_over_the_next) {
  Faults narrow;
  narrow.buffer_size = 100;
  Pair pair{{}, {}, narrow};
  pair.net.set_faults({.delay_min = 1s, .delay_max = 1s, .buffer_size = 100});
  send_numbered(pair.client, 0, 1000);
  pair.net.pass(10ms);  // 100 bytes are on their way
  pair.net.set_faults(narrow);
  pair.net.cut(pair.client, pair.server);
  pair.net.pass(1ms);
  pair.net.set_faults({});
  pair.net.pass(2s);
  const Texts got = take_all(pair.server);
  ASSERT_FALSE(got.empty());
  EXPECT_GT(got.size(), 970U);
  EXPECT_EQ(got, numbered(1000 - static_cast<int>(got.size()), 1000));
}

// --- at least once ---------------------------------------------------------------------------------------------------

TEST(SocketCore, what_is_acknowledged_is_confirmed) {
  Pair pair{{}, with(SendMode::round_robin, Delivery::at_least_once)};
  const std::uint64_t operation = pair.client.send_confirmed("important");
  pair.net.pass(1s);
  const auto outcomes = pair.client.outcomes();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].operation, operation);
  EXPECT_FALSE(outcomes[0].code);
  EXPECT_EQ(take_all(pair.server), Texts{"important"});
}

TEST(SocketCore, what_was_lost_with_a_connection_is_sent_again_and_delivered_once) {
  SocketOptions small;
  small.receive_high_water_size = 100;
  Pair pair{small, with(SendMode::round_robin, Delivery::at_least_once)};
  send_numbered(pair.client, 0, 5000);
  pair.net.pass(1s);
  Texts got = take_all(pair.server);
  pair.net.cut(pair.client, pair.server);
  for (int i = 0; i < 200; ++i) {
    pair.net.pass(100ms);
    const Texts more = take_all(pair.server);
    got.insert(got.end(), more.begin(), more.end());
  }
  std::sort(got.begin(), got.end());
  Texts expected = numbered(0, 5000);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(got, expected);
}

TEST(SocketCore, what_is_sent_again_is_not_told_as_dropped) {
  Pair pair{{}, with(SendMode::round_robin, Delivery::at_least_once)};
  pair.net.set_faults(stuck);
  send_numbered(pair.client, 0, 3);  // the first is partly written
  pair.cut_while_stuck();
  pair.net.pass(1s);
  EXPECT_EQ(take_all(pair.server), numbered(0, 3));
  bool is_lost = false;
  while (const auto event = pair.client.next_event()) {
    EXPECT_NE(event->kind, Kind::dropped);
    if (event->kind != Kind::peer_lost) continue;
    is_lost = true;
    EXPECT_EQ(event->count, 0U);
  }
  EXPECT_TRUE(is_lost);
}

TEST(SocketCore, what_nobody_acknowledges_is_given_up_after_its_attempts) {
  SocketOptions deaf;
  deaf.acknowledge = Acknowledge::by_application;
  Pair pair{deaf, with(SendMode::round_robin, Delivery::at_least_once)};
  const std::uint64_t operation = pair.client.send_confirmed("never acknowledged");
  pair.net.pass(2min);
  const auto outcomes = pair.client.outcomes();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].operation, operation);
  EXPECT_EQ(outcomes[0].code, error::unacknowledged);
  const auto given_up = events_of(pair.client, Kind::gave_up);
  ASSERT_EQ(given_up.size(), 1U);
  EXPECT_EQ(given_up[0].count, limits::sent_max);
  EXPECT_EQ(given_up[0].message.text(), "never acknowledged");
  EXPECT_EQ(take_all(pair.server), Texts{"never acknowledged"});
}

TEST(SocketCore, the_application_may_acknowledge_when_it_is_done) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  Pair pair{careful, with(SendMode::round_robin, Delivery::at_least_once)};
  pair.client.send_confirmed("work");
  pair.net.pass(1s);
  const auto received = pair.server.receive();
  ASSERT_TRUE(received);
  EXPECT_TRUE(pair.client.outcomes().empty());
  pair.server.acknowledge(*received);
  pair.net.pass(1s);
  EXPECT_EQ(pair.client.outcomes().size(), 1U);
}

TEST(SocketCore, work_of_a_killed_worker_goes_to_another) {
  SocketOptions careful;
  careful.acknowledge = Acknowledge::by_application;
  Star star{with(SendMode::round_robin, Delivery::at_least_once), 2, careful};
  send_numbered(star.server, 0, 10);
  star.net.pass(1s);
  star.clients[0]->kill();
  star.net.pass(1s);
  Texts got;
  while (const auto received = star.clients[1]->receive()) {
    got.push_back(received->message.text());
    star.clients[1]->acknowledge(*received);
  }
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, numbered(0, 10));
}

TEST(SocketCore, one_that_is_never_acknowledged_stays_alone) {
  SocketOptions options = with(SendMode::round_robin, Delivery::at_least_once);
  options.keep_for_absent_peers = true;
  Star star{options, 2};
  const std::uint64_t stays = star.server.send_to(star.clients[0]->identity(), "stays");
  star.clients[0]->kill();
  star.net.pass(1s);
  for (int round = 0; round < 50; ++round) {
    send_numbered(star.server, 0, 100);
    star.net.pass(100ms);
    EXPECT_EQ(take_all(*star.clients[1]), numbered(0, 100)) << round;
  }
  star.clients[0]->restart();
  star.net.pass(15s);
  EXPECT_EQ(take_all(*star.clients[0]), Texts{"stays"});
  EXPECT_EQ(star.server.outcomes().at(0).operation, stays);
}

// --- time to live ----------------------------------------------------------------------------------------------------

TEST(SocketCore, what_is_over_already_is_not_sent_and_the_sender_and_the_events_say_so) {
  for (const SendMode mode : {SendMode::publish, SendMode::round_robin}) {
    policy::SocketCore core{with(mode), Identity::of_random(1, 1), 1};
    const TimePoint now{1h};
    Message message{"stale"};
    boost::system::error_code ec;
    EXPECT_EQ(core.try_send(message, {}, {.expires = now}, now, ec), policy::SocketCore::Sent::failed);
    EXPECT_EQ(ec, error::timed_out);
    EXPECT_EQ(core.sentence(), "the message's time to live was over before it could be sent");
    EXPECT_EQ(core.kept_count(), 0U);
    EXPECT_EQ(core.counters().messages_dropped, 1U);
    const auto event = core.next_event();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, Kind::dropped);
    EXPECT_EQ(event->cause, error::timed_out);
    EXPECT_EQ(core.try_send(message, {}, {.expires = now + 1ms}, now, ec), policy::SocketCore::Sent::done);
  }
}

TEST(SocketCore, sending_needs_the_time_where_it_may_cut_a_slow_peer_off) {
  SocketOptions options = with(SendMode::publish);
  EXPECT_FALSE((policy::SocketCore{options, Identity::of_random(1, 1), 1}.sending_needs_time()));
  options.overflow = Overflow::disconnect_slow_peer;
  EXPECT_TRUE((policy::SocketCore{options, Identity::of_random(1, 1), 1}.sending_needs_time()));
}

// --- closing ---------------------------------------------------------------------------------------------------------

TEST(SocketCore, who_has_closed_waits_for_nothing) {
  policy::SocketCore core{{}, Identity::of_random(1, 1), 1};
  const TimePoint now{1h};
  Message message{"kept"};
  boost::system::error_code ec;
  core.try_send(message, {}, {.expires = now + 1min}, now, ec);
  EXPECT_EQ(core.next_deadline(), now + 1min);
  core.finish_closing(error::closed);
  EXPECT_FALSE(core.next_deadline());
}

TEST(SocketCore, closing_delivers_what_was_accepted) {
  Pair pair;
  send_numbered(pair.client, 0, 1000);
  pair.client.close(1s);
  pair.net.pass(2s);
  EXPECT_TRUE(pair.client.has_closed());
  EXPECT_EQ(pair.client.remains().unsent, 0U);
  EXPECT_EQ(take_all(pair.server), numbered(0, 1000));
}

TEST(SocketCore, closing_ends_by_its_deadline_and_says_what_is_left) {
  Simulator net{1};
  SimulatedSocket& lonely = net.add_socket({});
  send_numbered(lonely, 0, 10);
  lonely.close(1s);
  net.pass(999ms);
  EXPECT_FALSE(lonely.has_closed());
  net.pass(2ms);
  EXPECT_TRUE(lonely.has_closed());
  EXPECT_EQ(lonely.remains().unsent, 10U);
}

TEST(SocketCore, what_is_given_up_while_closing_is_left) {
  SocketOptions options = with(SendMode::round_robin, Delivery::at_least_once);
  options.resend_after = 100ms;
  options.sent_max = 2;
  SocketOptions silent;
  silent.acknowledge = Acknowledge::by_application;
  Pair pair{silent, options};
  pair.client.send("work");
  pair.client.close(2s);
  pair.net.pass(3s);
  EXPECT_TRUE(pair.client.has_closed());
  EXPECT_EQ(pair.client.remains().unacknowledged, 1U);
}

TEST(SocketCore, what_is_lost_with_a_peer_while_closing_is_left) {
  Pair pair{with(SendMode::publish)};
  pair.net.set_faults(stuck);
  send_numbered(pair.server, 0, 10);
  pair.server.close(2s);
  pair.cut_while_stuck();
  pair.net.pass(3s);
  EXPECT_TRUE(pair.server.has_closed());
  EXPECT_EQ(pair.server.remains().unsent, 10U);
}

// --- options ---------------------------------------------------------------------------------------------------------

TEST(SocketCore, options_that_contradict_each_other_are_refused) {
  const auto refuses = [](const SocketOptions& options) {
    EXPECT_THROW(policy::check(options), std::invalid_argument);
  };
  refuses(with(SendMode::publish, Delivery::at_least_once));
  SocketOptions options = with(SendMode::round_robin, Delivery::at_least_once);
  options.overflow = Overflow::drop_oldest;
  refuses(options);
  options = {};
  options.send_high_water_count = 0;
  refuses(options);
  options = {};
  options.acknowledge = Acknowledge::by_application;
  options.duplicates_max = 0;
  refuses(options);
}

}  // namespace
}  // namespace parley::test
