#pragma once

#include "bench/common/conns.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench::messages {

/// One coroutine per connection; the one that hears the last E ends the server.
class ConnsServer {
 public:
  explicit ConnsServer(const Options& o) : options_(o), tally_(o.peers, o.size), listener_(listen_on(io_, o)) {}

  void run_all() {
    start(io_, accept_all());
    say("READY");
    run(io_, options_);
    tally_.report();
  }

 private:
  asio::awaitable<void> accept_all() {
    while (true) start(io_, serve(co_await listener_.accept()));
  }

  asio::awaitable<void> serve(parley::Connection peer) {
    while (!tally_.over()) {
      const parley::Message m = co_await peer.receive();
      tally_.see(m.data(), m.size());
    }
    io_.stop();
  }

  const Options& options_;
  ConnsTally tally_;
  asio::io_context io_{1};
  parley::Listener listener_;
};

/// One coroutine per connection while they send; the last to end reports.
class ConnsClient {
 public:
  explicit ConnsClient(const Options& o) : options_(o), run_(o.peers) { peers_.reserve(o.peers); }

  asio::awaitable<void> run_all(asio::io_context& io) {
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
      peers_.push_back(co_await connect_to(options_));
      co_await peers_.back().send(BodyMaker(options_.size, i).make(Mark::hello, 0));
    }
    for (parley::Connection& peer : peers_) co_await peer.flush();
    run_.wait_for_start();
    sending_ = options_.peers;
    for (std::uint32_t i = 0; i < options_.peers; ++i) start(io, send_from(io, i));
  }

 private:
  asio::awaitable<void> send_from(asio::io_context& io, std::uint32_t index) {
    parley::Connection& peer = peers_[index];
    BodyMaker body(options_.size, index);
    co_await peer.send(body.make(Mark::start, 0));
    std::uint64_t sent = 0;
    for (SendTimer timer(options_.seconds, SendTimer::every_time); !timer.over();
         co_await asio::post(asio::use_awaitable))
      for (std::size_t i = 0; i < conns_messages_per_turn; ++i) co_await peer.send(body.make(Mark::data, sent++));
    co_await peer.send(body.make(Mark::end, sent));
    co_await peer.flush();
    if (--sending_ > 0) co_return;
    run_.report();
    leave(io, options_);
  }

  const Options& options_;
  ConnsClientRun run_;
  std::vector<parley::Connection> peers_;
  std::size_t sending_ = 0;
};

}  // namespace bench::messages
