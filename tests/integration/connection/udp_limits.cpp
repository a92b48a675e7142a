// What bounds the connections of a udp listener, and that all that is lost is told.
#include "support/connection_results.hpp"
#include "support/udp_test.hpp"

#include <parley/log.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::datagrams {
namespace {

using support::Outcome;
using support::run_until;
using support::settle;
using support::store;
using ::testing::Contains;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using UdpLimits = support::UdpTest;

/// What the log hook is told, while this is there.
class LogLines {
 public:
  LogLines() {
    set_log_hook([this](LogLevel level, std::string_view text, std::string_view) {
      const std::lock_guard lock{mutex_};
      if (level == LogLevel::warning) lines_.emplace_back(text);
    });
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() { set_log_hook({}); }

  std::vector<std::string> lines() {
    const std::lock_guard lock{mutex_};
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(UdpLimits, a_new_address_beyond_connections_max_is_dropped_counted_and_told_once) {
  LogLines log;
  ListenerOptions options;
  options.connections_max = 2;
  Listener listener = listen(options);
  Connection a = dial(listener.local_endpoint());
  Connection b = dial(listener.local_endpoint());
  Connection c = dial(listener.local_endpoint());
  EXPECT_FALSE(a.try_send("a"));
  Connection to_a = accept(listener);
  EXPECT_FALSE(b.try_send("b"));
  Connection to_b = accept(listener);
  EXPECT_FALSE(c.try_send("c"));
  EXPECT_FALSE(c.try_send("c"));
  ASSERT_TRUE(run_until(context, [&] { return listener.stats().datagrams.lost_no_place == 2; }));
  EXPECT_FALSE(a.try_send("still there"));
  EXPECT_EQ(receive(to_a).text(), "a");
  EXPECT_EQ(receive(to_a).text(), "still there");
  EXPECT_EQ(log.lines(), std::vector<std::string>{"a datagram from " + c.local_endpoint().to_string() +
                                                  " was dropped: there is no place for another peer, with 2 "
                                                  "connections open and 0 not yet accepted; 1 so far"});
  to_b.abort();
  EXPECT_FALSE(c.try_send("now"));
  Connection to_c = accept(listener);
  EXPECT_EQ(receive(to_c).text(), "now");
}

TEST_F(UdpLimits, those_not_yet_accepted_have_a_bound_of_their_own) {
  ListenerOptions options;
  options.transport.backlog = 2;
  Listener listener = listen(options);
  Connection first = dial(listener.local_endpoint());
  EXPECT_FALSE(first.try_send("0"));
  Connection accepted = accept(listener);
  std::vector<Connection> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(dial(listener.local_endpoint()));
    EXPECT_FALSE(clients.back().try_send(std::to_string(i)));
    flush(clients.back());
  }
  ASSERT_TRUE(run_until(context, [&] { return listener.stats().datagrams.lost_no_place == 1; }));
  Connection second = accept(listener);
  Connection third = accept(listener);
  EXPECT_EQ(receive(second).text(), "1");
  EXPECT_EQ(receive(third).text(), "2");
  EXPECT_EQ(listener.connection_count(), 3U);
}

TEST_F(UdpLimits, a_connection_nobody_reads_from_keeps_so_much_and_drops_the_rest) {
  LogLines log;
  ListenerOptions options;
  options.connection.receive_high_water_size = 10'000;
  Listener listener = listen(options);
  Connection busy = dial(listener.local_endpoint());
  Connection other = dial(listener.local_endpoint());
  EXPECT_FALSE(busy.try_send("first"));
  Connection to_busy = accept(listener);
  EXPECT_EQ(receive(to_busy).text(), "first");
  constexpr std::uint64_t count = 100;
  const std::string body(1000 - sizeof(Message), 'x');
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_FALSE(busy.try_send(body));
    flush(busy);
  }
  EXPECT_FALSE(other.try_send("not held up"));
  Connection to_other = accept(listener);
  EXPECT_EQ(receive(to_other).text(), "not held up");
  ASSERT_TRUE(run_until(context, [&] { return to_busy.stats().datagrams.lost_queue_full == count - 10; }));
  EXPECT_EQ(to_busy.stats().receive_queue_size, 10 * body.size());
  EXPECT_EQ(listener.stats().datagrams.lost_queue_full, count - 10);
  EXPECT_EQ(to_other.stats().datagrams.lost_queue_full, 0U);
  EXPECT_THAT(log.lines(), Contains(HasSubstr(busy.local_endpoint().to_string() +
                                              " was dropped: nobody receives, and 10 of it wait; 1 so far")));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(receive(to_busy).size(), body.size());
  EXPECT_FALSE(busy.try_send("room again"));
  EXPECT_EQ(receive(to_busy).text(), "room again");
}

TEST_F(UdpLimits, empty_datagrams_count_too) {
  ListenerOptions options;
  options.connection.receive_high_water_size = 720;
  Listener listener = listen(options);
  Connection client = dial(listener.local_endpoint());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(client.try_send(""));
  Connection server = accept(listener);
  ASSERT_TRUE(run_until(context, [&] { return server.stats().datagrams.lost_queue_full == 90; }));
}

TEST_F(UdpLimits, all_connections_together_have_a_bound) {
  ListenerOptions options;
  options.transport.udp.unread_size_max(2 * (100 + sizeof(Message)));
  Listener listener = listen(options);
  std::vector<Connection> clients, servers;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(dial(listener.local_endpoint()));
    EXPECT_FALSE(clients.back().try_send(std::string(100, 'x')));
    servers.push_back(accept(listener));
  }
  ASSERT_TRUE(run_until(context, [&] { return listener.stats().datagrams.lost_queue_full == 1; }));
  EXPECT_EQ(servers[2].stats().datagrams.lost_queue_full, 1U);
  servers[0].abort();  // what it held is free
  EXPECT_FALSE(clients[2].try_send("room"));
  EXPECT_EQ(receive(servers[2]).text(), "room");
}

/// Nobody runs the loop while they are sent, into the smallest buffer that the system has.
TEST_F(UdpLimits, what_was_sent_and_not_received_is_what_is_told) {
  ListenerOptions options;
  options.transport.receive_buffer_size = 1;
  options.connection.receive_high_water_size = 500;
  Listener listener = listen(options);
  boost::asio::ip::udp::socket sender{context, boost::asio::ip::udp::v4()};
  const boost::asio::ip::udp::endpoint to{boost::asio::ip::address_v4::loopback(), listener.local_endpoint().port()};
  constexpr std::uint64_t count = 5000;
  for (std::uint64_t i = 0; i < count; ++i) sender.send_to(boost::asio::buffer(&i, sizeof i), to);
  Connection server = accept(listener);
  settle(context);
  std::uint64_t received = 0;
  while (server.try_receive()) ++received;
  const DatagramStats stats = listener.stats().datagrams;
  EXPECT_GT(received, 0U);
  EXPECT_GT(stats.lost_in_system, 0U);
  EXPECT_EQ(received + stats.lost(), count);
}

TEST_F(UdpLimits, what_waits_in_a_connection_that_is_closed_is_told_as_lost) {
  Listener listener = listen();
  Connection client = dial(listener.local_endpoint());
  for (const char* text : {"1", "2", "3"}) EXPECT_FALSE(client.try_send(text));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "1");
  ASSERT_TRUE(run_until(context, [&] { return server.stats().receive_queue_size == 2; }));
  server.abort();
  EXPECT_EQ(server.stats().datagrams.lost_unwanted, 2U);
  EXPECT_EQ(listener.stats().datagrams.lost_unwanted, 2U);
}

TEST_F(UdpLimits, a_client_tells_what_it_has_lost_too) {
  Listener listener = listen();
  ConnectOptions options;
  TransportOptions transport;
  transport.receive_buffer_size = 1;
  options.transport(transport);
  Connection client = dial(listener.local_endpoint(), options);
  EXPECT_FALSE(client.try_send("hello"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "hello");
  constexpr std::uint64_t count = 3000;
  std::uint64_t received = 0;
  for (std::uint64_t i = 0; i < count; ++i) ASSERT_FALSE(server.post(std::to_string(i)));
  flush(server);
  settle(context);
  while (client.try_receive()) ++received;
  EXPECT_EQ(received + client.stats().datagrams.lost(), count);
}

TEST_F(UdpLimits, an_idle_peer_ends_and_the_next_datagram_makes_another_connection) {
  ListenerOptions options;
  options.transport.udp.idle_time_max(30ms);
  Listener listener = listen(options);
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("before"));
  Connection server = accept(listener);
  EXPECT_EQ(receive(server).text(), "before");
  EXPECT_EQ(fail_to_receive(server), error::closed);
  EXPECT_EQ(server.last_error(), "nothing came from the peer for 30 ms (" + client.local_endpoint().to_string() + ")");
  EXPECT_EQ(server.end_of_receiving(), error::closed);
  EXPECT_EQ(server.try_send("too late"), error::closed);
  EXPECT_FALSE(client.try_send("after"));
  Connection another = accept(listener);
  EXPECT_EQ(receive(another).text(), "after");
  EXPECT_EQ(another.remote_endpoint(), server.remote_endpoint());
}

TEST_F(UdpLimits, one_that_ends_gives_out_first_what_has_come) {
  ListenerOptions options;
  options.transport.udp.idle_time_max(30ms);
  Listener listener = listen(options);
  Connection client = dial(listener.local_endpoint());
  EXPECT_FALSE(client.try_send("1"));
  EXPECT_FALSE(client.try_send("2"));
  Connection server = accept(listener);
  ASSERT_TRUE(run_until(context, [&] { return server.try_send("x") == error::closed; }));
  EXPECT_EQ(receive(server).text(), "1");
  EXPECT_EQ(receive(server).text(), "2");
  EXPECT_EQ(fail_to_receive(server), error::closed);
}

TEST_F(UdpLimits, options_that_make_no_sense_are_refused) {
  const auto refusal = [&](const UdpOptions& udp) -> std::string {
    ListenerOptions options;
    options.transport.udp = udp;
    try {
      (void)listen(options);
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "it was accepted";
  };
  EXPECT_EQ(refusal(UdpOptions{}.idle_time_max(-1ms)), "UdpOptions::idle_time_max cannot be negative; zero is never");
  EXPECT_EQ(refusal(UdpOptions{}.unread_size_max(0)),
            "UdpOptions::unread_size_max of 0 would let nothing in; it must be at least 1");
  EXPECT_EQ(refusal(UdpOptions{}.multicast_ttl(256)), "UdpOptions::multicast_ttl is a number from 0 to 255, not 256");
}

}  // namespace
}  // namespace parley::datagrams
