// Servers that misuse requests: a client dials again, by the name of what the server did, and takes bounded memory.
#include "support/raw_peer.hpp"
#include "support/requests.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley::rpc::hostile_servers_test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using support::at_once;
using support::becomes;
using support::error_of;
using support::event_of;
using support::RawListener;
using support::RawPeer;
using support::run_requests;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string hello = "{\"hello\": \"hello\"}"s + '\0';

TEST(AServerThatMisbehaves, is_named_and_dialled_again) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"HTTP/1.1 400 Bad Request\r\n\r\n"s + '\0', "the peer sent a greeting that is not JSON"},
      {std::string(100'000, ' '), "the peer sent a greeting longer than 65536 bytes"},
      {"[" + std::string(10'000, '[') + '\0', "the peer sent a greeting that is not JSON"},
      {hello + "\0\0\0\0"s, "the peer sent an empty frame"},
      {hello + "\xFF\xFF\xFF\xFF\x0A\0\0\0\x10"s, "the peer sent "},
      {hello + "\0\0\0\x06\x0A\0\0\0\x05}"s, "the peer's metadata is no JSON object, at byte 0 of 1"},
  };
  for (const auto& [bytes, sentence] : cases) {
    RawListener strange;
    run_requests([&, text = bytes, expected = sentence](asio::any_io_executor executor) -> asio::awaitable<void> {
      Client client{executor, at_once("c")};
      client.dial(strange.endpoint());
      std::optional<RawPeer> peer;
      std::thread server{[&] {
        peer.emplace(strange.accept());
        peer->write(text);
      }};
      const Event tried = co_await event_of(client, Event::Kind::retrying);
      EXPECT_THAT(tried.sentence, StartsWith(expected));
      server.join();
      client.disconnect();
    });
  }
}

TEST(AServerThatMisbehaves, may_refuse_in_any_words) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\4{\"reason\": \"not welcome\"}", "refused: not welcome"},
      {hello + "\4{\"reason\": \"not welcome\"}", "refused: not welcome"},
      {"\4", "refused: (no reason given)"},
      {"\4nonsense", "refused: (no reason given)"},
      {"\4{\"reason\": \"" + std::string(5000, 'x') + "\"}", "refused: " + std::string(1024, 'x') + " (tcp://"},
  };
  for (const auto& [bytes, sentence] : cases) {
    RawListener strange;
    run_requests([&, text = bytes, expected = sentence](asio::any_io_executor executor) -> asio::awaitable<void> {
      Client client{executor, at_once("c")};
      std::thread server{[&] {
        RawPeer peer = strange.accept();
        peer.write(text);
        peer.end_sending();
        (void)peer.read_to_end();
      }};
      std::optional<Event> refused;
      client.dial(strange.endpoint());
      const Event told = co_await event_of(client, Event::Kind::refused);
      EXPECT_EQ(told.cause, error::refused_by_peer);
      EXPECT_THAT(client.last_error(), StartsWith(expected));
      EXPECT_FALSE(client.is_connected());
      server.join();
    });
  }
}

TEST(AServerThatMisbehaves, and_does_not_read_is_told_no_more_than_may_be_queued) {
  RawListener strange;
  run_requests([&](asio::any_io_executor executor) -> asio::awaitable<void> {
    ClientOptions options = at_once("c");
    options.kept_size_max = 8 * 1024 * 1024;
    Client client{executor, options};
    client.dial(strange.endpoint());
    std::optional<RawPeer> peer;
    std::thread server{[&] {
      peer.emplace(strange.accept());
      peer->write(hello);
    }};
    co_await event_of(client, Event::Kind::connected);
    server.join();
    const std::string large(1'000'000, 'x');
    error_code ec;
    int sent = 0;
    for (; !ec && sent < 1000; ++sent) {
      ec = client.try_notify("note", large);
      co_await asio::post(asio::use_awaitable);
    }
    EXPECT_EQ(ec, error::overloaded);
    EXPECT_THAT(client.last_error(), HasSubstr("the other side does not take what is queued for it already"));
    EXPECT_LT(sent, 100);
    const RequestError asked = co_await support::failure_of(client.request<int>("note", large));
    EXPECT_EQ(asked.code(), error::overloaded);
    client.disconnect();
    peer->reset();
  });
}

}  // namespace
}  // namespace parley::rpc::hostile_servers_test
