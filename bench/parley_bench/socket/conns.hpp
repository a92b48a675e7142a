#pragma once

#include "bench/common/conns.hpp"
#include "bench/parley_bench/body_maker.hpp"
#include "bench/parley_bench/socket/loop.hpp"

#include <boost/asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench::sockets {

using messages::BodyMaker;

/// One Socket for all peers.
inline asio::awaitable<void> conns_server(asio::io_context& io, const Options& o) {
  ConnsTally tally(o.peers, o.size);
  parley::Socket socket{io.get_executor(), socket_options(o)};
  co_await bind(socket, o);
  while (!tally.over()) {
    const parley::Received r = co_await socket.receive();
    tally.see(r.message.data(), r.message.size());
  }
  tally.report();
  io.stop();
}

/// A Socket for each peer, and a coroutine while they send.
class ConnsClient {
 public:
  ConnsClient(asio::io_context& io, const Options& o) : io_(io), options_(o), run_(o.peers) {
    sockets_.reserve(o.peers);
  }

  asio::awaitable<void> run_all() {
    parley::SocketOptions options = socket_options(options_);
    // libzmq's mark: with that of a Socket, a thousand full queues would be a GiB.
    if (options_.hwm == 0) options.send_high_water_count = 1000;
    for (std::size_t i = 0; i < options_.peers; ++i) sockets_.emplace_back(io_.get_executor(), options);
    connecting_ = connecting_max;
    for (std::size_t i = 0; i < connecting_max; ++i) start(io_, connect_some());
    co_return;
  }

 private:
  /// So many connect at a time: what more there were would fill the backlog of the server, and wait a second.
  static constexpr std::size_t connecting_max = 64;

  asio::awaitable<void> connect_some() {
    while (begun_ < options_.peers) {
      const std::size_t index = begun_++;
      co_await connect(sockets_[index], options_);
      co_await sockets_[index].send(BodyMaker(options_.size, static_cast<std::uint32_t>(index)).make(Mark::hello, 0));
    }
    if (--connecting_ == 0) start(io_, send_all());
  }

  asio::awaitable<void> send_all() {
    run_.all_connected();
    co_await line_comes();
    run_.begin();
    sending_ = options_.peers;
    for (std::uint32_t i = 0; i < options_.peers; ++i) start(io_, send_from(i));
  }

  asio::awaitable<void> send_from(std::uint32_t index) {
    parley::Socket& socket = sockets_[index];
    BodyMaker body(options_.size, index);
    co_await socket.send(body.make(Mark::start, 0));
    std::uint64_t sent = 0;
    for (SendTimer timer(options_.seconds, SendTimer::every_time); !timer.over();
         co_await asio::post(asio::use_awaitable))
      for (std::size_t i = 0; i < conns_messages_per_turn; ++i) co_await socket.send(body.make(Mark::data, sent++));
    co_await socket.send(body.make(Mark::end, sent));
    if (--sending_ > 0) co_return;
    co_await line_comes();
    run_.end();
    io_.stop();
  }

  asio::io_context& io_;
  const Options& options_;
  ConnsClientRun run_;
  std::vector<parley::Socket> sockets_;
  std::size_t begun_ = 0, connecting_ = 0, sending_ = 0;
};

}  // namespace bench::sockets
