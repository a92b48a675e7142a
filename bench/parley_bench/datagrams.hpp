// What only datagrams are asked: scenarios in which some may be lost, and very many remote addresses.
#pragma once

#include "bench/common/conns.hpp"
#include "bench/common/conversation.hpp"
#include "bench/common/datagrams.hpp"
#include "bench/common/rpc.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench::messages {

inline asio::awaitable<void> datagrams_client(const Options& o) {
  parley::Connection peer = co_await connect_to(o);
  BodyMaker body(o.size);
  Window window;
  window.open();
  std::uint64_t sent = 0;
  for (SendTimer timer(sending_seconds(o), body.size()); !timer.over(); ++sent) {
    co_await peer.send(body.make(Mark::data, sent));
  }
  co_await peer.flush();
  window.close();
  asio::steady_timer rest{co_await asio::this_coro::executor, datagrams_rest};
  co_await rest.async_wait(asio::use_awaitable);
  do {
    co_await peer.send(body.make(Mark::end, sent));
    co_await peer.flush();
  } while (!line_comes_within(std::chrono::milliseconds{10}));
  JsonLine().add("sent", sent).add_cpu(window).print();
}

inline asio::awaitable<void> datagrams_server(parley::Listener& listener, const Options& o) {
  parley::Connection peer = co_await listener.accept();
  DatagramTally tally(o);
  while (!tally.over()) {
    const parley::Message m = co_await peer.receive();
    tally.see(m.data(), m.size());
  }
  tally.report(listener.stats().datagrams.lost());
}

inline asio::awaitable<void> echo_server(parley::Listener& listener, const Options& o) {
  parley::Connection peer = co_await listener.accept();
  RpcServed served(o.size);
  while (!served.over()) {
    parley::Message m = co_await peer.receive();
    served.see(m.data(), m.size());
    co_await peer.send(std::move(m));
  }
  co_await peer.flush();
  wait_for_line();
  served.report();
}

inline asio::awaitable<void> echo_client(const Options& o) {
  parley::Connection peer = co_await connect_to(o);
  std::vector<unsigned char> body(o.size, 'x');
  RpcRun run(o);
  const auto ask = [&](std::size_t slot) { return run.next(slot, body.data()); };
  while (const std::size_t slots = run.next_phase()) {
    for (std::size_t slot = 0; slot < slots && ask(slot); ++slot) {
      parley::Message request{std::as_bytes(std::span{body})};
      co_await peer.send(std::move(request));
    }
    while (run.open() > 0) {
      const parley::Message reply = co_await peer.receive();
      if (!ask(run.replied(reply.data(), reply.size()))) continue;
      parley::Message request{std::as_bytes(std::span{body})};
      co_await peer.send(std::move(request));
    }
  }
  run.report();
}

/// Each address says H and is answered; what they cost is measured when all are there. With the variant `connection`
/// they are kept; with `connection-waiting` a coroutine waits on each, too.
class AddressesServer {
 public:
  explicit AddressesServer(const Options& o)
      : options_(o), is_waiting_(o.part("connection") == "connection-waiting"), listener_(listen_for_all(o)) {
    peers_.reserve(o.peers);
  }

  void run_all() {
    start(io_, accept_all());
    say("READY");
    run(io_, options_);
    Window window;
    JsonLine()
        .add("rss_per_conn", rss_per_conn_)
        .add("received", peers_.size() + waiting_)
        .add("msgs_per_s", 0.0)
        .add("lost", listener_.stats().datagrams.lost())
        .add_cpu(window)
        .print();
  }

 private:
  parley::Listener listen_for_all(const Options& o) {
    parley::ListenerOptions options{.connection = connection_options(o), .transport = transport_options(o)};
    options.connections_max = o.peers;
    return {io_, where(o), options};
  }

  asio::awaitable<void> accept_all() {
    while (peers_.size() + waiting_ < options_.peers) {
      parley::Connection peer = co_await listener_.accept();
      parley::Message hello = co_await peer.receive();
      co_await peer.send(std::move(hello));
      if (is_waiting_) {
        ++waiting_;
        start(io_, wait_on(std::move(peer)));
      } else {
        peers_.push_back(std::move(peer));
      }
    }
    co_await asio::post(asio::use_awaitable);
    rss_per_conn_ = memory_.bytes_each(options_.peers);
    say("ALL");
    io_.stop();
  }
  asio::awaitable<void> wait_on(parley::Connection peer) {
    while (auto message = co_await peer.next()) co_await peer.send(std::move(*message));
  }

  const Options& options_;
  const bool is_waiting_;
  asio::io_context io_{1};
  std::vector<parley::Connection> peers_;
  std::size_t waiting_ = 0;
  MemoryPerPeer memory_;
  double rss_per_conn_ = 0;
  parley::Listener listener_;
};

}  // namespace bench::messages
