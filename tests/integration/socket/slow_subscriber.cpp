// A subscriber that stops reading harms nobody else, and every message that it misses is told.
#include <parley/socket/socket.hpp>

#include "support/run_context.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Until it has said so for itself.
asio::awaitable<std::uint64_t> receive_all(Socket& socket) {
  std::uint64_t count = 0;
  for (;;) {
    const Received r = co_await socket.receive(20s);
    if (r.view() == "end") co_return count;
    ++count;
  }
}

class SlowSubscriber : public ::testing::Test {
 protected:
  static SocketOptions publisher_options() {
    SocketOptions options;
    options.send_mode = SendMode::publish;
    options.send_high_water_size = 200'000;
    return options;
  }
  static SocketOptions sleeper_options() {
    SocketOptions options;
    options.receive_high_water_size = 10'000;
    return options;
  }
  void run(asio::awaitable<void> body) {
    std::optional<std::exception_ptr> end;
    asio::co_spawn(context, std::move(body), [&](std::exception_ptr e) { end = e; });
    ASSERT_TRUE(support::run_until(context, [&] { return end.has_value(); }));
    if (*end) std::rethrow_exception(*end);
  }

  asio::io_context context;
  Socket hub{context.get_executor(), publisher_options()};
  Socket awake{context.get_executor()};
  Socket asleep{context.get_executor(), sleeper_options()};
};

TEST_F(SlowSubscriber, misses_what_is_told_as_dropped_and_is_served_again_when_it_wakes) {
  run([this]() -> asio::awaitable<void> {
    TransportOptions small;  // so that the kernel's buffers are soon full
    small.send_buffer_size = 16 * 1024;
    small.receive_buffer_size = 16 * 1024;
    EndpointOptions options;
    options.transport(small);
    const Endpoint at = co_await hub.bind("tcp://127.0.0.1:0", options);
    awake.connect(at, options);
    asleep.connect(at, options);
    co_await hub.wait_for_peers(2, 5s);

    const std::string body(1000, 'x');
    const std::uint64_t sent = 2000;
    std::uint64_t seen_awake = 0;
    for (std::uint64_t i = 0; i < sent; ++i) {
      co_await hub.send(body);
      while (seen_awake < i) {  // it keeps up, and misses nothing
        co_await awake.receive(20s);
        ++seen_awake;
      }
    }
    while (seen_awake < sent) {
      co_await awake.receive(20s);
      ++seen_awake;
    }

    std::uint64_t dropped = 0;
    for (const PeerInfo& peer : hub.peers()) {
      EXPECT_EQ(peer.messages_sent + peer.messages_dropped, sent);
      EXPECT_LE(peer.queue_size, 200'000U + 1100U);
      if (peer.identity == awake.identity()) {
        EXPECT_EQ(peer.messages_dropped, 0U);
      } else {
        dropped = peer.messages_dropped;
      }
    }
    EXPECT_GT(dropped, 0U);
    EXPECT_EQ(hub.stats().messages_dropped, dropped);
    std::uint64_t told = 0;
    while (const auto event = hub.try_next_event()) {
      if (event->kind != SocketEvent::Kind::dropped) continue;
      EXPECT_EQ(event->identity, asleep.identity());
      EXPECT_EQ(event->cause, error::full);
      told += event->count;
    }
    EXPECT_EQ(told, dropped);

    // It wakes.
    for (std::uint64_t i = 0; i < sent - dropped; ++i) co_await asleep.receive(20s);
    co_await hub.send("end");
    EXPECT_EQ(co_await receive_all(asleep), 0U);
    EXPECT_EQ(co_await receive_all(awake), 0U);
  }());
}

TEST_F(SlowSubscriber, is_cut_off_where_that_is_the_rule) {
  SocketOptions options = publisher_options();
  options.overflow = Overflow::disconnect_slow_peer;
  hub = Socket{context.get_executor(), options};
  run([this]() -> asio::awaitable<void> {
    const Endpoint at = co_await hub.bind("tcp://127.0.0.1:0");
    asleep.connect(at);
    co_await hub.wait_for_peers(1, 5s);
    const std::string body(100'000, 'x');
    for (;;) {
      co_await hub.send(body);
      auto next = hub.try_next_event();
      if (!next || next->kind != SocketEvent::Kind::peer_lost) continue;
      EXPECT_EQ(next->cause, error::peer_too_slow);
      EXPECT_GT(next->count, 0U);
      co_return;
    }
  }());
}

TEST_F(SlowSubscriber, a_publisher_without_peers_keeps_what_it_sends_in_order) {
  run([this]() -> asio::awaitable<void> {
    const Endpoint at = co_await hub.bind("tcp://127.0.0.1:0");
    for (int i = 0; i < 500; ++i) co_await hub.send(std::to_string(i));
    awake.connect(at);
    for (int i = 0; i < 500; ++i) {
      const Received r = co_await awake.receive(20s);
      EXPECT_EQ(r.text(), std::to_string(i));
    }
  }());
}

}  // namespace
}  // namespace parley
