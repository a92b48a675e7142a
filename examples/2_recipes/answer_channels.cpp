// A server that answers each channel: a session by hand, and each question in a channel of its own.
//
// The end of a question is the end of the client's direction, the end of an answer is that of the server's: channels
// need no framing for that. Many clients may come; each has one connection, and asks as much as it likes over it.

#include "../check.hpp"

#include <parley/mux/serve.hpp>
#include <parley/mux/session.hpp>
#include <parley/transport/acceptor.hpp>
#include <parley/transport/connect.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using parley::mux::Channel;
using parley::mux::Session;

constexpr std::size_t question_size_max = 10'000;
const auto as_result = asio::as_tuple(asio::use_awaitable);

// --- the server ------------------------------------------------------------------------------------------------------

asio::awaitable<void> answer(Channel channel) {
  std::string question;
  const auto [ec, size] =
      co_await asio::async_read(channel, asio::dynamic_buffer(question, question_size_max), as_result);
  if (ec != asio::error::eof) {  // too long, or the client has given up
    channel.reset();
    co_return;
  }
  const std::string text = "you asked: " + question;
  (void)co_await asio::async_write(channel, asio::buffer(text), as_result);
}  // the channel goes, and behind the answer its end is sent

asio::awaitable<void> serve_client(Session session) {
  co_await parley::mux::serve(session, answer);  // until the session is over
}

asio::awaitable<void> serve(parley::transport::Acceptor& acceptor) {
  for (;;) {
    auto [ec, stream] = co_await acceptor.async_accept(as_result);
    if (ec) co_return;
    Session session{std::move(stream), parley::mux::Role::server};
    asio::co_spawn(acceptor.get_executor(), serve_client(std::move(session)), rethrow);
  }
}

// --- a client --------------------------------------------------------------------------------------------------------

asio::awaitable<Channel> ask(Session& session, std::string question) {
  Channel channel = co_await session.open();
  co_await asio::async_write(channel, asio::buffer(question), asio::use_awaitable);
  boost::system::error_code ec;
  channel.shutdown_send(ec);
  co_return channel;
}

asio::awaitable<std::string> answer_of(Channel channel) {
  std::string answer;
  const auto [ec, size] = co_await asio::async_read(channel, asio::dynamic_buffer(answer), as_result);
  if (ec != asio::error::eof) throw parley::Error{ec, channel.explain()};
  co_return answer;
}

asio::awaitable<void> ask_much(parley::transport::Acceptor& server) {
  parley::transport::StreamConnectOptions options;
  options.deadline(20s);
  parley::transport::Stream stream = co_await parley::transport::async_connect(
      co_await asio::this_coro::executor, server.local_endpoint(), options, asio::use_awaitable);
  Session session{std::move(stream), parley::mux::Role::client};

  std::vector<Channel> asked;
  for (int i = 0; i < 100; ++i) asked.push_back(co_await ask(session, "question " + std::to_string(i)));
  for (std::size_t i = asked.size(); i-- > 0;) {  // in any order
    const std::string answer = co_await answer_of(std::move(asked[i]));
    check(answer == "you asked: question " + std::to_string(i), "the answer to this question");
  }

  Channel too_long = co_await ask(session, std::string(2 * question_size_max, '?'));
  try {
    co_await answer_of(std::move(too_long));
    check(false, "it is refused");
  } catch (const parley::Error& refused) {
    std::cout << refused.what() << '\n';  // the others have noticed nothing
    check(refused.code() == parley::error::channel_reset, "by a reset of this one channel");
  }

  const parley::mux::SessionCloseReport left = co_await session.close(20s);
  check(left.is_clean(), "nothing was cut");
  server.close();
}

int main() {
  asio::io_context context;
  parley::transport::Acceptor acceptor{context.get_executor(), "tcp://127.0.0.1:0"};
  asio::co_spawn(context, serve(acceptor), rethrow);
  asio::co_spawn(context, ask_much(acceptor), rethrow);
  context.run();
}
