#pragma once

#include "bench/common/conns.hpp"
#include "bench/drivers/asio/stream.hpp"
#include "bench/drivers/asio/throughput.hpp"

#include <cstdint>
#include <vector>

namespace bench::coro {

/// One coroutine and one body per connection.
class ConnsServer {
 public:
  explicit ConnsServer(const Options& o) : options_(o), tally_(o.peers, o.size), acceptor_(listen_on(io_, o)) {}

  void run_all() {
    start(io_, accept_all());
    say("READY");
    run(io_, options_);
    tally_.report();
  }

 private:
  asio::awaitable<void> accept_all() {
    while (true) start(io_, serve(co_await accept_from(acceptor_, options_)));
  }

  asio::awaitable<void> serve(Stream stream) {
    for (Body body; !tally_.over();) {
      co_await receive_message(stream, body);
      tally_.see(body.data(), body.size());
    }
    io_.stop();
  }

  const Options& options_;
  ConnsTally tally_;
  asio::io_context io_{1};
  Acceptor acceptor_;
};

/// One coroutine per connection while they send; the last to end reports.
class ConnsClient {
 public:
  explicit ConnsClient(const Options& o) : options_(o), run_(o.peers) { peers_.reserve(o.peers); }

  asio::awaitable<void> run_all(asio::io_context& io) {
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
      peers_.push_back(co_await connect_to(options_));
      Body hello = make_body(options_.size, i);
      co_await send_mark(peers_.back(), hello, Mark::hello, 0);
    }
    run_.wait_for_start();
    sending_ = options_.peers;
    for (std::uint32_t i = 0; i < options_.peers; ++i) start(io, send_from(i));
  }

 private:
  asio::awaitable<void> send_from(std::uint32_t peer) {
    Stream& stream = peers_[peer];
    Body body = make_body(options_.size, peer);
    co_await send_mark(stream, body, Mark::start, 0);
    std::uint64_t sent = 0;
    for (SendTimer timer(options_.seconds, SendTimer::every_time); !timer.over();)
      for (std::size_t i = 0; i < conns_messages_per_turn; ++i) co_await send_mark(stream, body, Mark::data, sent++);
    co_await send_mark(stream, body, Mark::end, sent);
    if (--sending_ == 0) run_.report();
  }

  const Options& options_;
  ConnsClientRun run_;
  std::vector<Stream> peers_;
  std::size_t sending_ = 0;
};

}  // namespace bench::coro
