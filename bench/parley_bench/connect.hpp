#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/loop.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace bench::messages {

/// An echo server: one coroutine per connection, until its peer closes. The one that brought E ends the server.
class ConnectServer {
 public:
  explicit ConnectServer(const Options& o) : options_(o), listener_(listen_on(io_, o)) {}

  void run_all() {
    start(io_, accept_all());
    say("READY");
    run(io_, options_);
    wait_for_line();
    window_.close();
    JsonLine().add_cpu(window_).print();
  }

 private:
  asio::awaitable<void> accept_all() {
    while (true) start(io_, serve(co_await listener_.accept()));
  }

  asio::awaitable<void> serve(parley::Connection peer) {
    Mark mark = Mark::data;
    while (auto m = co_await peer.next()) {
      mark = mark_of(m->data());
      if (mark == Mark::start) window_.open();
      co_await peer.send(std::move(*m));
    }
    if (mark == Mark::end) io_.stop();
  }

  const Options& options_;
  asio::io_context io_{1};
  parley::Listener listener_;
  Window window_;
};

/// `concurrency` coroutines, each of which makes one connection after the other until all are made.
class ConnectClient {
 public:
  explicit ConnectClient(const Options& o) : options_(o) {}

  asio::awaitable<void> run_all(asio::io_context& io) {
    co_await one(Mark::start, 0);
    run_.begin();
    running_ = static_cast<std::size_t>(std::min<std::uint64_t>(options_.concurrency, options_.count));
    for (std::size_t i = running_; i > 0; --i) start(io, worker(io));
  }

 private:
  asio::awaitable<void> worker(asio::io_context& io) {
    while (begun_ < options_.count) co_await one(Mark::data, begun_++);
    if (--running_ == 0) start(io, finish(io));
  }

  asio::awaitable<void> one(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    parley::Connection peer = co_await connect_to(options_);
    co_await peer.send(BodyMaker(options_.size).make(mark, index));
    const parley::Message echo = co_await peer.receive();
    check_echo(echo.data(), echo.size(), index, options_.size);
    co_await peer.close();
    run_.record(began);
  }

  asio::awaitable<void> finish(asio::io_context& io) {
    run_.end();
    co_await one(Mark::end, options_.count);
    run_.report();
    leave(io, options_);
  }

  const Options& options_;
  ConnectRun run_;
  std::uint64_t begun_ = 0;
  std::size_t running_ = 0;
};

}  // namespace bench::messages
