// Listeners whose places for handshakes are all taken: who has to go, and that honest clients get in all the same.
#include "support/accept_all.hpp"
#include "support/connection_results.hpp"
#include "support/run_context.hpp"
#include "support/scheme_options.hpp"

#include <parley/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using support::run_until;
using namespace std::chrono_literals;
using namespace std::string_literals;

class HandshakePlaces : public ::testing::TestWithParam<std::string> {
 protected:
  HandshakePlaces() {
    set_log_hook([this](LogLevel level, std::string_view text, std::string_view) {
      if (level == LogLevel::warning) turned_away.emplace_back(text);
    });
  }
  ~HandshakePlaces() override { set_log_hook({}); }

  /// A handshake may take longer than the test: that a peer goes has another reason.
  void listen(std::size_t handshakes_max = limits::handshakes_max) {
    ListenerOptions options = support::listener_options();
    options.transport.handshake_time_max = 10min;
    options.transport.handshakes_max = handshakes_max;
    listener.emplace(context, GetParam() + "://127.0.0.1:0", options);
    asio::co_spawn(context, support::accept_all(*listener, peers), asio::detached);
  }

  /// Connects, and says nothing.
  tcp::socket& add_stranger() {
    tcp::socket& stranger = strangers.emplace_back(context);
    stranger.connect({asio::ip::address_v4::loopback(), listener->local_endpoint().port()});
    return stranger;
  }

  void start_client() { asio::co_spawn(context, connect_client(), asio::detached); }
  asio::awaitable<void> connect_client() {
    try {
      client = co_await connect(listener->local_endpoint(), support::connect_options());
    } catch (const Error& e) {
      ADD_FAILURE() << e.what();
    }
  }
  [[nodiscard]] bool is_client_in() const { return client.has_value() && !peers.empty(); }

  [[nodiscard]] std::string farewell(std::size_t count, const tcp::socket& stranger) const {
    return "a peer was turned away: the peer was silent while all " + std::to_string(count) +
           " places for handshakes were taken (" + GetParam() +
           "://127.0.0.1:" + std::to_string(stranger.local_endpoint().port()) + (GetParam() == "tls" ? ")" : "/)");
  }

  asio::io_context context;
  std::optional<Listener> listener;
  std::vector<Connection> peers;
  std::deque<tcp::socket> strangers;
  std::optional<Connection> client;
  std::vector<std::string> turned_away;
};

TEST_P(HandshakePlaces, silent_strangers_keep_no_client_out) {
  constexpr std::size_t stranger_count = limits::handshakes_max + 4;
  listen();
  for (std::size_t i = 0; i < stranger_count; ++i) add_stranger();
  start_client();
  EXPECT_TRUE(run_until(context, [&] { return is_client_in(); }));

  // As few as had to, and those who were silent longest.
  ASSERT_EQ(turned_away.size(), 5U);
  for (std::size_t i = 0; i < turned_away.size(); ++i)
    EXPECT_EQ(turned_away[i], farewell(limits::handshakes_max, strangers[i]));
}

asio::awaitable<void> talk_for_a_while(tcp::socket& socket, std::string first_words, bool& is_done) {
  co_await asio::async_write(socket, asio::buffer(first_words), asio::use_awaitable);
  asio::steady_timer timer{socket.get_executor()};
  const auto end = Clock::now() + limits::handshake_next_word_after * 3 / 2;
  while (Clock::now() < end) {
    timer.expires_after(20ms);
    co_await timer.async_wait(asio::use_awaitable);
    asio::write(socket, asio::buffer("x", 1));
  }
  is_done = true;
}

TEST_P(HandshakePlaces, who_goes_on_talking_stays) {
  listen(1);
  tcp::socket& talker = add_stranger();
  const std::string beginning = GetParam() == "ws" ? "GET / HTTP/1.1\r\nSlow: "s : "\x16\x03\x01\x40\x00"s;
  bool is_done = false;
  asio::co_spawn(context, talk_for_a_while(talker, beginning, is_done), asio::detached);
  start_client();
  EXPECT_TRUE(run_until(context, [&] { return is_done; }));
  EXPECT_TRUE(turned_away.empty()) << turned_away.front();
  EXPECT_FALSE(is_client_in());
  EXPECT_TRUE(run_until(context, [&] { return is_client_in(); }));
  ASSERT_EQ(turned_away.size(), 1U);
  EXPECT_EQ(turned_away.front(), farewell(1, talker));
}

TEST_P(HandshakePlaces, closing_leaves_nobody_who_waits_for_a_place) {
  listen(1);
  add_stranger();
  add_stranger();
  support::settle(context);
  listener->close();
  int ended_count = 0;
  std::array<char, 100> room;
  for (tcp::socket& each : strangers) {
    asio::async_read(each, asio::buffer(room), [&](error_code ec, std::size_t size) {
      EXPECT_TRUE(ec);
      EXPECT_EQ(size, 0U);
      ++ended_count;
    });
  }
  EXPECT_TRUE(support::run_to_end(context));
  EXPECT_EQ(ended_count, 2);
  EXPECT_TRUE(turned_away.empty());
}

INSTANTIATE_TEST_SUITE_P(, HandshakePlaces, ::testing::ValuesIn(support::layered_schemes()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace parley
