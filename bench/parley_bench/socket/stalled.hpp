#pragma once

#include "bench/common/stalled.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <cstdint>

namespace bench::sockets {

using messages::BodyMaker;

/// Publishes, as a socket does unless it is told otherwise: whoever has no room misses the message.
class StalledServer {
 public:
  StalledServer(asio::io_context& io, const Options& o)
      : io_(io), options_(o), socket_(io.get_executor(), publishing(o, parley::Overflow::automatic)) {}

  asio::awaitable<void> run_all() {
    co_await bind(socket_, options_);
    co_await line_comes();
    co_await socket_.wait_for_peers(options_.peers);
    window_.open();
    start(io_, report_at_line());
    BodyMaker body(options_.size);
    for (;; ++sent_) co_await socket_.send(body.make(Mark::data, sent_));
  }

 private:
  asio::awaitable<void> report_at_line() {
    co_await line_comes();
    window_.close();
    JsonLine().add("sent", sent_).add("dropped", socket_.stats().messages_dropped).add_cpu(window_).print();
    io_.stop();
  }

  asio::io_context& io_;
  const Options& options_;
  parley::Socket socket_;
  std::uint64_t sent_ = 0;
  Window window_;
};

/// Bad company for the stalled scenario: connects, says READY, and reads nothing until a line comes.
inline asio::awaitable<void> deaf_client(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await connect(socket, o);
  say("READY");
  co_await line_comes();
  JsonLine().add("held", 1).print();
  io.stop();
}

}  // namespace bench::sockets
