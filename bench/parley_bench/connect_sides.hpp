// The two sides of the scenario connect, whatever it is that is connected.
#pragma once

#include "bench/common/connect.hpp"
#include "bench/common/conversation.hpp"
#include "bench/parley_bench/loop.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace bench::messages {

/// An echo server: its conversations say which marks came. The one that brought E ends the server.
class ConnectServerSide {
 public:
  explicit ConnectServerSide(const Options& o) : options_(o) {}

 protected:
  void serve_until_end(asio::awaitable<void> accept_all) {
    start(io_, std::move(accept_all));
    say("READY");
    run(io_, options_);
    wait_for_line();
    window_.close();
    JsonLine().add_cpu(window_).print();
  }
  void came(Mark mark) {
    if (mark == Mark::start) window_.open();
  }
  void ended(Mark last) {
    if (last == Mark::end) io_.stop();
  }

  const Options& options_;
  asio::io_context io_{1};

 private:
  Window window_;
};

/// `concurrency` coroutines, each of which has one conversation after the other until all have been had. A Client has
/// `one(mark, index)`, one of them, and `leave_when_done(io)`.
template <class Client>
class ConnectClientSide {
 public:
  explicit ConnectClientSide(const Options& o) : options_(o) {}

 protected:
  asio::awaitable<void> converse(asio::io_context& io) {
    co_await timed(Mark::start, 0);
    run_.begin();
    running_ = static_cast<std::size_t>(std::min<std::uint64_t>(options_.concurrency, options_.count));
    for (std::size_t i = running_; i > 0; --i) start(io, worker(io));
  }

  const Options& options_;

 private:
  asio::awaitable<void> worker(asio::io_context& io) {
    while (begun_ < options_.count) co_await timed(Mark::data, begun_++);
    if (--running_ == 0) start(io, finish(io));
  }

  asio::awaitable<void> timed(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    co_await static_cast<Client&>(*this).one(mark, index);
    run_.record(began);
  }

  asio::awaitable<void> finish(asio::io_context& io) {
    run_.end();
    co_await timed(Mark::end, options_.count);
    run_.report();
    co_await static_cast<Client&>(*this).leave_when_done(io);
  }

  ConnectRun run_;
  std::uint64_t begun_ = 0;
  std::size_t running_ = 0;
};

}  // namespace bench::messages
