// One of our connections with a foreign program: the one that listens echoes, the one that connects asks.
#pragma once

#include "interop/meeting.hpp"

namespace parley::interop {

/// Echoes to one peer until its clean end.
inline asio::awaitable<void> echo_one(Listener& listener) {
  Connection peer = co_await listener.accept(support::hang_bound);
  while (std::optional<Message> message = co_await peer.next()) co_await peer.send(*message);
  co_await peer.close(support::hang_bound);
}

inline asio::awaitable<void> ask_one(Endpoint where, ConnectOptions options, bool& all_came_back) {
  Connection peer = co_await connect(where, options);
  for (const std::size_t size : {0U, 1U, 125U, 126U, 16'384U, 65'536U, 1'000'000U}) {
    const std::string body(size, 'x');
    co_await peer.send(body);
    const Message echo = co_await peer.receive();
    if (echo.view() != body) co_return;
  }
  const CloseReport report = co_await peer.close(support::hang_bound);
  all_came_back = report.all_arrived();
}

/// Runs the conversation, then waits for the program; what went wrong on our side is thrown.
inline support::ChildResult finish(asio::io_context& context, asio::awaitable<void> ours,
                                   support::ChildProcess& program) {
  std::future<support::ChildResult> ended = std::async(std::launch::async, [&program] { return program.wait(); });
  if (!support::run_coroutine(context, std::move(ours))) throw std::runtime_error{"the conversation hangs"};
  context.restart();
  context.run_for(std::chrono::seconds{1});
  return ended.get();
}

inline std::string address_of(const Endpoint& endpoint) {
  return std::string{endpoint.host()} + ":" + std::to_string(endpoint.port());
}

}  // namespace parley::interop
