// Reply to one: every message says who sent it, and send_to answers that one, whatever the others do meanwhile.
//
// The identity belongs to a socket and not to a connection: it stays when the connection is lost and made again, and it
// can be given, so that somebody is known by it after a restart.

#include "../check.hpp"

#include <parley/parley.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr int client_count = 3;
constexpr int question_count = 100;  // of each client
const parley::Identity ann = parley::Identity::parse("a11a11a11a11a11a11a11a11a11a11a1");

std::uint64_t random_number() {
  static std::mt19937_64 random{std::random_device{}()};
  return random();
}

/// Asks many questions at once, and wants the answers to those, in that order.
asio::awaitable<void> ask(parley::Endpoint server) {
  parley::Socket socket{co_await asio::this_coro::executor};
  socket.connect(server);
  std::vector<std::string> questions;
  for (int i = 0; i < question_count; ++i) questions.push_back(std::to_string(random_number()));
  for (const std::string& question : questions) co_await socket.send(question);
  for (const std::string& question : questions) {
    check((co_await socket.receive(20s)).text() == "you asked " + question, "mine, and in order");
  }
}

/// To the one who has asked, unless that one has gone meanwhile.
asio::awaitable<void> answer(parley::Socket& server, const parley::Received& question) {
  try {
    co_await server.send_to(question.sender, "you asked " + question.text());
  } catch (const parley::Error& e) {
    if (e.code() != parley::error::unknown_peer) throw;
  }
}

asio::awaitable<void> answer_questions(parley::Socket& server) {
  std::vector<parley::Received> questions;
  while (questions.size() < client_count * question_count) questions.push_back(co_await server.receive(20s));
  // Clients mixed up as they come; of each client the questions are in order already.
  std::ranges::stable_sort(questions, {}, &parley::Received::sender);
  for (const parley::Received& question : questions) co_await answer(server, question);
}

/// Says something, hears something, and is gone.
asio::awaitable<void> visit(parley::Endpoint server, std::string says, std::string hears) {
  parley::SocketOptions options;
  options.identity = ann;
  parley::Socket socket{co_await asio::this_coro::executor, options};
  socket.connect(server);
  co_await socket.send(says);
  check((co_await socket.receive(20s)).text() == hears, "what Ann was to hear");
  co_await socket.close(20s);
}

asio::awaitable<void> meet_again(parley::Socket& server, parley::Endpoint at) {
  const auto executor = co_await asio::this_coro::executor;
  const std::string secret = std::to_string(random_number());
  asio::co_spawn(executor, visit(at, "remember " + secret, "I will"), rethrow);
  const parley::Received first = co_await server.receive(20s);
  check(first.sender == ann, "an identity that was given");
  co_await server.send_to(first.sender, "I will");

  parley::SocketEvent event;
  while (event.kind != parley::SocketEvent::Kind::peer_lost || event.identity != ann) {
    event = co_await server.next_event(20s);
  }
  check(server.try_send_to(ann, "are you there?") == parley::error::unknown_peer, "not silence, but an error");
  std::cout << server.last_error() << '\n';

  asio::co_spawn(executor, visit(at, "what was it?", secret), rethrow);
  const parley::Received second = co_await server.receive(20s);
  check(second.sender == ann && second.text() == "what was it?", "the same Ann, on another connection");
  co_await server.send_to(ann, secret);
}

asio::awaitable<void> recipe() {
  const auto executor = co_await asio::this_coro::executor;
  parley::Socket server{executor};
  const parley::Endpoint at = co_await server.bind("tcp://127.0.0.1:0");
  for (int i = 0; i < client_count; ++i) asio::co_spawn(executor, ask(at), rethrow);
  co_await answer_questions(server);
  std::cout << client_count * question_count << " questions were answered, each to the one who had asked\n";
  co_await meet_again(server, at);
  co_await server.close(20s);
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, recipe(), rethrow);
  context.run();
}
