// Pages in headless Chromium as peers of a Socket, and of a server that plays tricks on them. The JavaScript is that of
// the recipe.
#include "interop/chromium.hpp"
#include "support/connection_results.hpp"
#include "support/run_context.hpp"

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace parley::interop::browser_socket {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using support::hang_bound;
using support::run_coroutine;
using testing::HasSubstr;

std::string url_of(const Endpoint& at) { return "\"url\": \"ws://127.0.0.1:" + std::to_string(at.port()) + "\""; }

/// A page whose peers have these options, a list in JSON.
std::string page_with(const std::string& peers) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string escaped;
  for (const char c : peers) {
    escaped += '%';
    escaped += digits[static_cast<unsigned char>(c) >> 4U];
    escaped += digits[static_cast<unsigned char>(c) & 15U];
  }
  return "file://" PARLEY_SOURCE_DIR "/tests/interop/browser/socket_page.html#" + escaped;
}

std::string random_bytes(std::size_t size) {
  static std::mt19937_64 random{std::random_device{}()};
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(random());
  return bytes;
}

// --- a Socket --------------------------------------------------------------------------------------------------------

constexpr std::array<std::size_t, 10> sizes{0, 1, 16, 125, 126, 4096, 65'535, 65'536, 3'000'000, 7};

/// Sends each of the peers bytes of many sizes, all at once, and wants them back in order.
asio::awaitable<void> exchange(Socket& socket, std::size_t peer_count) {
  co_await socket.wait_for_peers(peer_count, hang_bound);
  std::map<Identity, std::vector<std::string>> sent;
  std::map<Identity, std::size_t> heard_count;
  for (const PeerInfo& peer : socket.peers()) {
    for (const std::size_t size : sizes) {
      sent[peer.identity].push_back(random_bytes(size));
      co_await socket.send_to(peer.identity, sent[peer.identity].back());
    }
  }
  for (std::size_t i = 0; i < peer_count * sizes.size(); ++i) {
    const Received echo = co_await socket.receive(hang_bound);
    const std::string& expected = sent[echo.sender].at(heard_count[echo.sender]++);
    EXPECT_TRUE(echo.view() == expected) << echo.view().size() << " bytes instead of " << expected.size();
  }
}

asio::awaitable<std::string> report_of(Socket& socket, Identity peer) {
  co_await socket.send_to(peer, "report");
  co_return (co_await socket.receive(hang_bound)).text();
}

TEST(BrowserPeer, random_bytes_come_back_whether_confirmed_or_not) {
  asio::io_context context;
  Socket plain{context.get_executor()};
  SocketOptions options;
  options.delivery = Delivery::at_least_once;
  Socket confirmed{context.get_executor(), options};
  const auto test = [&]() -> asio::awaitable<void> {
    const Endpoint plain_at = co_await plain.bind("tcp://127.0.0.1:0");
    const Endpoint confirmed_at = co_await confirmed.bind("tcp://127.0.0.1:0");
    const std::string on_plain = "{" + url_of(plain_at) + "}, {" + url_of(plain_at) + ", \"confirmed\": true}";
    const std::string on_confirmed =
        "{" + url_of(confirmed_at) + "}, {" + url_of(confirmed_at) + ", \"confirmed\": true}";
    const Chromium browser{page_with("[" + on_plain + ", " + on_confirmed + "]")};
    co_await exchange(plain, 2);
    co_await exchange(confirmed, 2);
    const SocketCloseReport left = co_await confirmed.close(hang_bound);
    EXPECT_TRUE(left.all_arrived()) << left.unacknowledged_count << " not acknowledged by the page";
  };
  ASSERT_TRUE(run_coroutine(context, test()));
}

/// Gets one message and leaves without having acknowledged it. Tells where it was, so that another can be there.
asio::awaitable<Endpoint> forsake(const std::string& message, std::unique_ptr<Chromium>& browser, Received& received) {
  SocketOptions options;
  options.acknowledge = Acknowledge::by_application;
  Socket socket{co_await asio::this_coro::executor, options};
  const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0");
  browser = std::make_unique<Chromium>(page_with("[{" + url_of(at) + ", \"confirmed\": true}]"));
  co_await socket.wait_for_peers(1, hang_bound);
  co_await socket.send(message);
  received = co_await socket.receive(hang_bound);
  co_await socket.close(0s);
  co_return at;
}

TEST(BrowserPeer, what_was_not_acknowledged_is_sent_to_the_socket_that_takes_the_place) {
  asio::io_context context;
  const auto test = [&]() -> asio::awaitable<void> {
    const std::string message = random_bytes(100);
    std::unique_ptr<Chromium> browser;
    Received first;
    const Endpoint at = co_await forsake(message, browser, first);
    EXPECT_TRUE(first.view() == message);

    Socket next{context.get_executor()};
    (void)co_await next.bind(at);
    const Received second = co_await next.receive(hang_bound);
    EXPECT_TRUE(second.view() == message);
    EXPECT_EQ(second.sender, first.sender);
    EXPECT_THAT(co_await report_of(next, second.sender),
                HasSubstr(R"("received":1,"confirmed":1,"failed":0,"ups":2,"downs":["the connection was closed)"));
  };
  ASSERT_TRUE(run_coroutine(context, test()));
}

TEST(BrowserPeer, page_of_the_recipe_connects_by_its_origin_and_says_so) {
  asio::io_context context;
  Socket socket{context.get_executor()};
  std::string origin;
  const auto test = [&]() -> asio::awaitable<void> {
    TransportOptions transport;
    transport.ws.accept_origin([&](std::string_view from) { return origin = from, true; });
    const EndpointOptions options = EndpointOptions{}.transport(transport);
    const Endpoint at = co_await socket.bind("tcp://127.0.0.1:0", options);
    const Chromium browser{"file://" PARLEY_SOURCE_DIR "/examples/2_recipes/browser_page/index.html#ws://127.0.0.1:" +
                           std::to_string(at.port())};
    EXPECT_EQ((co_await socket.receive(hang_bound)).text(), "a page was opened");
    EXPECT_TRUE(origin == "file://" || origin == "null") << origin;
  };
  ASSERT_TRUE(run_coroutine(context, test()));
}

// --- a server that plays tricks --------------------------------------------------------------------------------------

// Its messages are frames without their lengths: the default framing adds those.
const std::string hello = std::string{"\x01\x01"} + "sixteen letters.";
const std::string id = "and here sixteen";

asio::awaitable<Connection> meet(Listener& listener) {
  Connection page = co_await listener.accept(hang_bound);
  const Message first = co_await page.receive(hang_bound);
  EXPECT_EQ(first.size(), hello.size());
  EXPECT_TRUE(first.view().starts_with("\x01\x01"));
  co_return page;
}

/// The next frame of a type, others being passed over.
asio::awaitable<std::string> frame_of_type(Connection& page, char type) {
  for (;;) {
    const Message frame = co_await page.receive(hang_bound);
    if (frame.view().at(0) == type) co_return frame.text();
  }
}

asio::awaitable<void> talk_strangely(Connection page) {
  co_await page.send(hello);
  co_await page.send("\x7f of a type that nobody knows");
  co_await page.send("");
  co_await page.send("\x04" + id + "once");
  co_await page.send("\x04" + id + "once");  // sent again: acknowledged again, and not delivered
  EXPECT_EQ(co_await frame_of_type(page, '\x05'), "\x05" + id);
  EXPECT_EQ(co_await frame_of_type(page, '\x05'), "\x05" + id);

  const std::string request = co_await frame_of_type(page, '\x04');  // the second time at the earliest
  EXPECT_EQ(request.substr(17), "once");
  EXPECT_EQ(co_await frame_of_type(page, '\x04'), request) << "the same id each time";
  co_await page.send("\x05" + request.substr(1, 16));
  co_await page.send("\x05" + request.substr(1, 16));  // late, for a copy
  co_await page.send("\x03report");
  EXPECT_THAT(co_await frame_of_type(page, '\x03'), HasSubstr(R"("received":1,"confirmed":1,"failed":0)"));
  EXPECT_EQ(co_await frame_of_type(page, '\x02'), "\x02") << "a heartbeat";
}

TEST(BrowserPeer, requests_are_sent_again_under_one_id_and_taken_once) {
  asio::io_context context;
  Listener listener{context, "ws://127.0.0.1:0/"};
  const Chromium browser{
      page_with("[{" + url_of(listener.local_endpoint()) +
                R"(, "confirmed": true, "resendAfter": 50, "sentMax": 1000000, "heartbeatInterval": 50}])")};
  const auto test = [&]() -> asio::awaitable<void> { co_await talk_strangely(co_await meet(listener)); };
  ASSERT_TRUE(run_coroutine(context, test()));
}

// Each a reason to hang up: nothing may come before the greeting, that has to be of version 1, a request has an id.
const std::vector<std::vector<std::string>> strange_beginnings{
    {"\x03\x01sixteen letters."}, {"\x01\x02sixteen letters."}, {"\x01"}, {hello, "\x04 too short"}};

asio::awaitable<void> begin_strangely(Listener& listener) {
  for (const auto& frames : strange_beginnings) {
    Connection page = co_await meet(listener);
    for (const std::string& frame : frames) co_await page.send(frame);
    EXPECT_FALSE(co_await page.next(hang_bound));
  }
  (void)co_await meet(listener);
}

/// Whether a page came, was greeted, heard no more, and hung up. On a slow machine it may have gone before it is
/// greeted.
asio::awaitable<bool> bore_one(Listener& listener) {
  try {
    Connection page = co_await meet(listener);
    co_await page.send(hello);
    while (co_await page.next(hang_bound)) continue;  // heartbeats
  } catch (const Error& e) {
    if (e.code() != error::truncated) throw;
    co_return false;
  }
  co_return true;
}

asio::awaitable<void> be_silent(Listener& listener) {
  for (int bored_count = 0; bored_count < 2;) bored_count += co_await bore_one(listener) ? 1 : 0;
}

TEST(BrowserPeer, hangs_up_on_strange_and_on_silent_servers_and_dials_again) {
  asio::io_context context;
  Listener strange{context, "ws://127.0.0.1:0/"};
  Listener silent{context, "ws://127.0.0.1:0/"};
  const Chromium browser{page_with("[{" + url_of(strange.local_endpoint()) + ", \"retryMax\": 50}, {" +
                                   url_of(silent.local_endpoint()) +
                                   ", \"silenceMax\": 300, \"heartbeatInterval\": 50}]")};
  ASSERT_TRUE(run_coroutine(context, begin_strangely(strange)));
  ASSERT_TRUE(run_coroutine(context, be_silent(silent)));
}

}  // namespace
}  // namespace parley::interop::browser_socket
