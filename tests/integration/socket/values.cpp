// Values over Sockets: text in one word, codecs, and what is no value.
#include <parley/socket/socket.hpp>

#include "support/run_context.hpp"

#include <parley/codec/json.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A bound socket, and one that is connected to it.
template <class Body>
void run_with_pair(Body body) {
  asio::io_context context;
  const auto run = [&]() -> asio::awaitable<void> {
    Socket server{context.get_executor()};
    const Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
    Socket client{context.get_executor()};
    client.connect(at);
    co_await body(server, client);
  };
  std::exception_ptr failure;
  bool is_done = false;
  asio::co_spawn(context, run, [&](std::exception_ptr thrown) {
    failure = thrown;
    is_done = true;
  });
  ASSERT_TRUE(support::run_until(context, [&] { return is_done; }));
  if (failure) std::rethrow_exception(failure);
}

TEST(SocketValues, text_goes_and_comes_in_one_word) {
  run_with_pair([](Socket& server, Socket& client) -> asio::awaitable<void> {
    co_await client.send("text");
    const Received received = co_await server.receive(5s);
    EXPECT_EQ(received.text(), "text");
    EXPECT_EQ(received.view(), "text");
  });
}

TEST(SocketValues, come_with_their_sender) {
  run_with_pair([](Socket& server, Socket& client) -> asio::awaitable<void> {
    const std::vector<int> numbers(3, 7);
    co_await client.send(numbers, Json{});
    const ReceivedValue<std::vector<int>> asked = co_await server.receive_as<std::vector<int>>(Json{}, 5s);
    EXPECT_EQ(asked.value, numbers);
    EXPECT_EQ(asked.sender, client.identity());
    co_await server.send_to(asked.sender, std::string{"thank you"}, Json{});
    const ReceivedValue<std::string> answer = co_await client.receive_as<std::string>(Json{}, 5s);
    EXPECT_EQ(answer.value, "thank you");
  });
}

TEST(SocketValues, that_are_none_are_rejected_with_their_sender_and_the_next_is_taken) {
  run_with_pair([](Socket& server, Socket& client) -> asio::awaitable<void> {
    co_await client.send("no number");
    co_await client.send(5, Json{});
    std::string sentence;
    try {
      (void)co_await server.receive_as<int>(Json{}, 5s);
    } catch (const Error& rejected) {
      EXPECT_EQ(rejected.code(), error::payload_rejected);
      sentence = rejected.what();
    }
    EXPECT_TRUE(sentence.ends_with(" (from the peer " + client.identity().to_string() + ")")) << sentence;
    EXPECT_EQ((co_await server.receive_as<int>(Json{}, 5s)).value, 5);
  });
}

TEST(SocketValues, are_not_waited_for_beyond_the_deadline) {
  run_with_pair([](Socket& server, Socket&) -> asio::awaitable<void> {
    try {
      (void)co_await server.receive_as<int>(Json{}, 10ms);
      ADD_FAILURE();
    } catch (const Error& failure) {
      EXPECT_EQ(failure.code(), error::timed_out);
      EXPECT_STREQ(failure.what(), "receive timed out after 10 ms");
      EXPECT_EQ(server.last_error(), failure.what());
    }
  });
}

}  // namespace
}  // namespace parley
