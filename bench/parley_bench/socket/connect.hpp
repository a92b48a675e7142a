#pragma once

#include "bench/common/connect.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace bench::sockets {

using messages::BodyMaker;

/// Answers whoever has sent, until E.
inline asio::awaitable<void> connect_server(asio::io_context& io, const Options& o) {
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await bind(socket, o);
  Window window;
  for (Mark mark = Mark::data; mark != Mark::end;) {
    parley::Received r = co_await socket.receive();
    mark = mark_of(r.message.data());
    if (mark == Mark::start) window.open();
    co_await socket.send_to(r.sender, std::move(r.message));
  }
  co_await line_comes();
  window.close();
  JsonLine().add_cpu(window).print();
}

/// Each connection is a Socket of its own. `concurrency` coroutines, each of which makes one after the other.
class ConnectClient {
 public:
  ConnectClient(asio::io_context& io, const Options& o) : io_(io), options_(o) {}

  asio::awaitable<void> run_all() {
    co_await one(Mark::start, 0);
    run_.begin();
    running_ = static_cast<std::size_t>(std::min<std::uint64_t>(options_.concurrency, options_.count));
    for (std::size_t i = running_; i > 0; --i) start(io_, worker());
  }

 private:
  asio::awaitable<void> worker() {
    while (begun_ < options_.count) co_await one(Mark::data, begun_++);
    if (--running_ == 0) start(io_, finish());
  }

  asio::awaitable<void> one(Mark mark, std::uint64_t index) {
    const auto began = Clock::now();
    parley::Socket socket{io_.get_executor(), socket_options(options_)};
    socket.connect(options_.addr.text, endpoint_options(options_));
    co_await socket.send(BodyMaker(options_.size).make(mark, index));
    const parley::Received echo = co_await socket.receive();
    check_echo(echo.message.data(), echo.message.size(), index, options_.size);
    co_await socket.close(std::chrono::seconds{5});
    run_.record(began);
  }

  asio::awaitable<void> finish() {
    run_.end();
    co_await one(Mark::end, options_.count);
    run_.report();
  }

  asio::io_context& io_;
  const Options& options_;
  ConnectRun run_;
  std::uint64_t begun_ = 0;
  std::size_t running_ = 0;
};

}  // namespace bench::sockets
