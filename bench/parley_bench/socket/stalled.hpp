#pragma once

#include "bench/common/stalled.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench::sockets {

using messages::BodyMaker;

/// Publishes as a socket does unless it is told otherwise: it waits for nobody.
class StalledServer {
 public:
  StalledServer(asio::io_context& io, const Options& o)
      : io_(io), options_(o), socket_(io.get_executor(), publishing(o, parley::Overflow::automatic)) {}

  asio::awaitable<void> run_all() {
    co_await bind(socket_, options_);
    co_await line_comes();
    while (heard_.size() < options_.peers) co_await hear();
    window_.open();
    start(io_, report_at_line());
    BodyMaker body(options_.size);
    for (;; ++sent_) {
      while (sent_ >= may_send_) co_await hear();
      co_await socket_.send(body.make(Mark::data, sent_));
    }
  }

 private:
  /// One subscriber says how far it has come; the first time, that it is there.
  asio::awaitable<void> hear() {
    const parley::Received r = co_await socket_.receive();
    heard_[r.sender] = count_of(r.message.data());
    const auto behind = [](const auto& a, const auto& b) { return a.second < b.second; };
    may_send_ = std::min_element(heard_.begin(), heard_.end(), behind)->second + stalled_lead_max(options_.size);
  }

  asio::awaitable<void> report_at_line() {
    co_await line_comes();
    window_.close();
    JsonLine().add("sent", sent_).add("dropped", socket_.stats().messages_dropped).add_cpu(window_).print();
    io_.stop();
  }

  asio::io_context& io_;
  const Options& options_;
  parley::Socket socket_;
  std::unordered_map<parley::Identity, std::uint64_t> heard_;
  std::uint64_t sent_ = 0;
  std::uint64_t may_send_ = 0;
  Window window_;
};

/// Subscribers, each with a coroutine that receives and now and then says how far it has come.
class StalledClient {
 public:
  StalledClient(asio::io_context& io, const Options& o) : io_(io), options_(o), tally_(o) { sockets_.reserve(o.peers); }

  asio::awaitable<void> run_all() {
    for (std::size_t i = 0; i < options_.peers; ++i) {
      sockets_.emplace_back(io_.get_executor(), socket_options(options_));
      co_await connect(sockets_.back(), options_);
    }
    say("READY");
    for (parley::Socket& socket : sockets_) start(io_, receive_by(socket));
  }

 private:
  asio::awaitable<void> receive_by(parley::Socket& socket) {
    const auto index = static_cast<std::size_t>(&socket - sockets_.data());
    BodyMaker body(options_.size);
    std::uint64_t received = 0;
    co_await socket.send(body.make(Mark::hello, received));
    while (!tally_.over()) {
      const parley::Received r = co_await socket.receive();
      ++received;
      if (tally_.see(index, r.message.data(), r.message.size())) co_await socket.send(body.make(Mark::data, received));
    }
    if (std::exchange(reported_, true)) co_return;
    tally_.report();
    io_.stop();
  }

  asio::io_context& io_;
  const Options& options_;
  StalledTally tally_;
  std::vector<parley::Socket> sockets_;
  bool reported_ = false;
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
