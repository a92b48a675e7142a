// The scenario rpc without requests: each message is sent back. By a Connection and a coroutine, as `echo`, and by a
// server made of handlers, as `app`: a plain one, one behind a classifier and a hook, a coroutine. The client is the
// same for all.
#pragma once

#include "bench/common/conversation.hpp"
#include "bench/common/driver_main.hpp"
#include "bench/common/rpc.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <parley/app/server.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bench::echoing {

using messages::start;
namespace asio = boost::asio;

enum class Way { connection, plain, hooked, coroutine };

inline std::optional<Way> find_way(const Options& o) {
  const std::string part = o.part("connection");
  if (o.blocking() || o.scenario != "rpc") return std::nullopt;
  if (part == "echo") return Way::connection;
  if (part == "app") return Way::plain;
  if (part == "app-hook") return Way::hooked;
  if (part == "app-coroutine") return Way::coroutine;
  return std::nullopt;
}

inline asio::awaitable<void> echo(parley::Listener& listener, RpcServed& served) {
  parley::Connection peer = co_await listener.accept();
  while (!served.over()) {
    parley::Message message = co_await peer.receive();
    served.see(message.data(), message.size());
    co_await peer.send(std::move(message));
  }
  co_await peer.close(std::chrono::seconds{10});
}

inline void serve_by_connection(const Options& o) {
  asio::io_context io{1};
  parley::Listener listener = messages::listen_on(io, o);
  say("READY");
  RpcServed served{o.size};
  start(io, echo(listener, served));
  messages::run(io, o);
  wait_for_line();
  served.report();
}

inline void serve_by_handlers(const Options& o, Way way) {
  asio::io_context io{1};
  RpcServed served{o.size};
  parley::app::Server server{io};
  const auto see = [&](const parley::Message& message) {
    served.see(message.data(), message.size());
    if (served.over()) server.request_stop(std::chrono::seconds{10});
  };
  if (way == Way::coroutine) {
    server.on_message([&](parley::app::Peer& peer, parley::Message message) -> asio::awaitable<void> {
      see(message);
      co_await peer.send(std::move(message));
    });
  } else {
    server.on_message([&](parley::Message message) {
      see(message);
      return message;
    });
  }
  if (way == Way::hooked) {
    server.classify([](const parley::Message& first) { return first.empty() ? "nothing" : "something"; });
    server.after_receive([](parley::Message message) { return message; });
  }
  server.listen(messages::where(o), messages::transport_options(o));
  server.start();
  say("READY");
  messages::run(io, o);
  wait_for_line();
  served.report();
}

/// As little as a client of Connection's can do: one batch of replies is the next of requests.
inline asio::awaitable<void> ask(const Options& o) {
  parley::Connection server = co_await messages::connect_to(o);
  std::vector<unsigned char> body = make_body(o.size);
  RpcRun run{o};
  const auto ask_by = [&](std::size_t slot) {
    if (run.next(slot, body.data())) server.post(parley::Message{std::as_bytes(std::span{body})});
  };
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots; ++slot) ask_by(slot);
    while (run.open() > 0) {
      parley::Message reply = co_await server.receive();
      ask_by(run.replied(reply.data(), reply.size()));
      while (std::optional<parley::Message> next = server.try_receive()) {
        ask_by(run.replied(next->data(), next->size()));
      }
    }
  }
  co_await server.close(std::chrono::seconds{10});
  run.report();
}

inline void run(const Options& o, Way way) {
  if (o.role == Role::both) not_offered(o);
  if (o.role == Role::client) {
    asio::io_context io{1};
    start(io, ask(o));
    return messages::run(io, o);
  }
  if (way == Way::connection) {
    serve_by_connection(o);
  } else {
    serve_by_handlers(o, way);
  }
}

}  // namespace bench::echoing
